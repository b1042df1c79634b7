import Foundation

/// A folder whose names and kinds of files are any; names are bytes, which need not be UTF-8.
struct HostileFolder {
  private var made: [[UInt8]] = []

  mutating func addFolder(_ path: [UInt8]) {
    if withCString(path, { mkdir($0, 0o777) }) == 0 { made.append(path) }
  }

  mutating func addFile(_ path: [UInt8], _ content: [UInt8]) {
    let descriptor = withCString(path) { open($0, O_WRONLY | O_CREAT | O_EXCL, 0o666) }
    guard descriptor >= 0 else { return }
    made.append(path)
    _ = content.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  mutating func addLink(_ path: [UInt8], to target: [UInt8]) {
    let status = withCString(target) { target in withCString(path) { symlink(target, $0) } }
    if status == 0 { made.append(path) }
  }

  mutating func addPipe(_ path: [UInt8]) {
    if withCString(path, { mkfifo($0, 0o666) }) == 0 { made.append(path) }
  }

  func remove() {
    for path in made.reversed() {
      withCString(path) { if unlink($0) != 0 { rmdir($0) } }
    }
  }

  private func withCString<Result>(
    _ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    (path.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("an empty path") }
      return body(start)
    }
  }
}
