/// Writes tar archives as POSIX describes ustar, entry by entry, whatever the names.
struct TarWriter {
  /// The archive, without its end.
  private(set) var bytes: [UInt8] = []
  /// The archive.
  var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

  /// What an entry is, as the letter in its header.
  enum Kind: Character {
    case file = "0"
    case hardLink = "1"
    case symbolicLink = "2"
    case device = "3"
    case folder = "5"
    case pipe = "6"
  }

  mutating func add(_ kind: Kind, _ name: String, _ content: [UInt8] = [], link: String = "") {
    func octal(_ value: Int, _ width: Int) -> [UInt8] {
      let digits = String(value, radix: 8)
      return Array((String(repeating: "0", count: width - 1 - digits.count) + digits).utf8) + [0]
    }
    func padded(_ text: String, _ width: Int) -> [UInt8] {
      Array(text.utf8) + [UInt8](repeating: 0, count: width - text.utf8.count)
    }
    var header =
      padded(name, 100) + octal(0o644, 8) + octal(0, 8) + octal(0, 8)
      + octal(content.count, 12) + octal(0, 12) + Array("        ".utf8)
    header += Array(String(kind.rawValue).utf8) + padded(link, 100) + Array("ustar".utf8) + [0]
    header += Array("00".utf8) + [UInt8](repeating: 0, count: 247)
    let sum = header.reduce(0) { $0 + Int($1) }
    header.replaceSubrange(148..<156, with: octal(sum, 7) + Array(" ".utf8))
    bytes += header + content
    bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }
}
