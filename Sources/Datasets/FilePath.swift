import Foundation

/// The path of a file as the system has it: bytes, which need not be UTF-8.
public struct FilePath: Hashable, Sendable, CustomStringConvertible {
  private static let slash = UInt8(ascii: "/")

  let bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// The path that is written as `text`.
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// The path of a file.
  public init(_ url: URL) { self.init(url.path) }

  /// The name of the file or folder, without those above it; safe only where it is escaped.
  public var lastComponent: String { Self.text(bytes.split(separator: Self.slash).last ?? []) }

  /// The path as text, in which a byte that is no part of UTF-8 is written `\xNN`.
  public var description: String { Self.text(bytes) }

  func appending(_ name: [UInt8]) -> FilePath {
    FilePath(bytes: bytes + (bytes.last == Self.slash ? [] : [Self.slash]) + name)
  }

  func appending(_ name: String) -> FilePath { appending(Array(name.utf8)) }

  /// Calls `body` with the path as the C library wants it.
  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    (bytes.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("a path has an end") }
      return body(start)
    }
  }

  /// What the path leads to; nil where there is nothing.
  var status: FileStatus? { FileStatus(self) }

  package var isFolder: Bool { status?.kind == .folder }

  /// Bytes as text, in which one that is no part of UTF-8 is written `\xNN`.
  static func text(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var result = ""
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var rest = bytes[...]
    while true {
      switch parser.parseScalar(from: &iterator) {
      case .valid(let encoded):
        result.unicodeScalars.append(Unicode.UTF8.decode(encoded))
        rest = rest.dropFirst(encoded.count)
      case .error(let length):
        for byte in rest.prefix(length) {
          result += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        rest = rest.dropFirst(length)
      case .emptyInput: return result
      }
    }
  }
}
