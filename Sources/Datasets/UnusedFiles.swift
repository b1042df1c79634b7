/// What lies in a data set's folder or file that a run does not use, counted by reason.
///
/// Hidden files are not counted.
public struct UnusedFiles: Sendable, Equatable, Encodable {
  /// Images of kinds that are not read, by the ending of their names.
  public private(set) var images: [String: Int] = [:]
  /// Other files, by the ending of their names; "" for none.
  public private(set) var others: [String: Int] = [:]
  /// Folders below those of classes that hold no image.
  public private(set) var emptyFolders = 0
  /// Links to folders that are above them or were walked already.
  public private(set) var links = 0
  /// Names of parts that are left out as a whole.
  public private(set) var parts: [String] = []

  /// Endings of images that no reader here knows.
  private static let unread: Set<String> = [
    ".avif", ".gif", ".heic", ".heif", ".jxl", ".jp2", ".j2k", ".svg", ".psd", ".pcx", ".tga",
    ".pgm", ".ppm", ".pnm", ".exr", ".hdr", ".ico", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf",
    ".orf", ".rw2",
  ]

  /// Files alone, whatever the reason.
  public var files: Int { (images.values.map { $0 } + others.values).reduce(0, +) }

  /// Whether everything is used.
  public var isEmpty: Bool { files + emptyFolders + links + parts.count == 0 }

  mutating func add(file name: [UInt8]) {
    let ending = Self.ending(of: name)
    if Self.unread.contains(ending) {
      images[ending, default: 0] += 1
    } else {
      others[ending, default: 0] += 1
    }
  }

  mutating func addEmptyFolder() { emptyFolders += 1 }
  mutating func addLink() { links += 1 }
  mutating func add(part name: String) { parts.append(name) }

  mutating func add(_ other: UnusedFiles) {
    images.merge(other.images, uniquingKeysWith: +)
    others.merge(other.others, uniquingKeysWith: +)
    emptyFolders += other.emptyFolders
    links += other.links
    parts += other.parts
  }

  /// The ending of a file's name in lower case, with its point; "" where there is none.
  static func ending(of name: [UInt8]) -> String {
    guard let point = name.lastIndex(of: UInt8(ascii: ".")), point > 0 else { return "" }
    return FilePath.text(name[point...]).lowercased()
  }

  /// The reasons in a few words, such as `10 .heic, 2 other (.txt)`.
  public var reasons: String {
    var reasons = images.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      "\($0.value) \($0.key)"
    }
    let count = others.values.reduce(0, +)
    if count > 0 {
      let endings = others.keys.filter { !$0.isEmpty }.sorted()
      let shown = endings.prefix(5).joined(separator: ", ") + (endings.count > 5 ? ", ..." : "")
      reasons.append("\(count) other" + (shown.isEmpty ? "" : " (\(shown))"))
    }
    if emptyFolders > 0 {
      reasons.append("\(emptyFolders) folder\(emptyFolders == 1 ? "" : "s") without images")
    }
    if links > 0 { reasons.append("\(links) link\(links == 1 ? "" : "s") back to a folder") }
    return DataError.printable((reasons + parts).joined(separator: ", "))
  }

  /// All of it on one line about the data set `name`.
  public func line(of name: String) -> String {
    let what =
      files == 0
      ? "not used" : "\(files) file\(files == 1 ? " is" : "s are") not used"
    return "\(name): \(what): \(reasons)"
  }
}
