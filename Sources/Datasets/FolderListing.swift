import Foundation

/// What lies in a folder, by the names that the system has.
enum FolderListing {
  enum Kind {
    case folder
    /// A file, or something that cannot be told apart from one until it is opened.
    case file
  }

  struct Entry {
    let name: [UInt8]
    let kind: Kind
  }

  /// A folder, whatever path leads to it.
  struct Identity: Hashable {
    private let device: UInt64
    private let number: UInt64

    init?(_ folder: FilePath) {
      guard let status = folder.status else { return nil }
      (device, number) = (status.device, status.number)
    }
  }

  /// The entries that are not hidden, sorted by the bytes of their names.
  ///
  /// Throws `missing` where the folder is not there or cannot be read.
  static func entries(of folder: FilePath) throws(DataError) -> [Entry] {
    guard let stream = folder.withCString({ opendir($0) }) else {
      throw DataError(
        .missing, what: folder.description, why: String(cString: strerror(errno)).lowercased(),
        whatToDo: "make the folder readable or choose another with --data-path")
    }
    defer { closedir(stream) }
    var entries: [Entry] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: 256) {
          Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
        }
      }
      if name.first == UInt8(ascii: ".") { continue }
      entries.append(Entry(name: name, kind: kind(of: entry.pointee, named: name, in: folder)))
    }
    return entries.sorted { $0.name.lexicographicallyPrecedes($1.name) }
  }

  private static func kind(of entry: dirent, named name: [UInt8], in folder: FilePath) -> Kind {
    switch Int(entry.d_type) {
    case Int(DT_REG): .file
    case Int(DT_DIR): .folder
    // A link, or a file system that does not say.
    default: folder.appending(name).isFolder ? .folder : .file
    }
  }

  /// The folder itself and those above it.
  static func ancestors(of folder: FilePath) -> Set<Identity> {
    var result: Set<Identity> = []
    var place = folder
    while let identity = Identity(place), result.insert(identity).inserted {
      place = place.appending("..")
    }
    return result
  }
}
