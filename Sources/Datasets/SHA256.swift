import CCrypto
import Foundation

/// The SHA-256 sum of bytes that come in pieces.
final class SHA256 {
  private let state: OpaquePointer

  init() {
    guard let state = EVP_MD_CTX_new(), EVP_DigestInit_ex(state, EVP_sha256(), nil) == 1 else {
      preconditionFailure("libcrypto has no SHA-256")
    }
    self.state = state
  }

  deinit { EVP_MD_CTX_free(state) }

  func add(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(state, bytes.baseAddress, bytes.count)
  }

  /// The sum as 64 hexadecimal digits; nothing may be added after it.
  func finish() -> String {
    var sum = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(state, &sum, nil)
    return sum.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The sum of a file's bytes; throws `missing` where it cannot be read.
  static func sum(of url: URL) throws(DataError) -> String {
    let file = try InputFile(url)
    let sum = SHA256()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count = try file.read(into: buffer)
      sum.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      if count < buffer.count { return sum.finish() }
    }
  }
}
