import Foundation

/// A sequence of bytes read once from front to back, out of a file as it is or decompressed.
protocol ByteReader: AnyObject {
  /// The file, for messages.
  var path: String { get }
  /// No more bytes than this can ever come.
  var limit: Int { get }
  /// Fills `buffer` from its start; fewer bytes than asked for mean the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int
}

extension ByteReader {
  /// The next `count` bytes, or fewer where the file ends; memory grows only with bytes that came.
  func read(_ count: Int) throws(DataError) -> [UInt8] {
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 1 << 20), alignment: 1)
    defer { chunk.deallocate() }
    var bytes: [UInt8] = []
    while bytes.count < count {
      let wanted = min(chunk.count, count - bytes.count)
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: chunk[..<wanted]))
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<got]))
      if got < wanted { break }
    }
    return bytes
  }
}

/// A regular file, open for reading.
final class InputFile: ByteReader {
  let path: String
  let size: Int
  private let descriptor: Int32

  /// Opens `url`; throws `missing` for what is not there, not readable or not a regular file.
  convenience init(_ url: URL) throws(DataError) { try self.init(FilePath(url)) }

  /// Opens a file; throws `missing` for what is not there, not readable or not a regular file.
  init(_ file: FilePath) throws(DataError) {
    path = file.description
    // Without O_NONBLOCK a named pipe would wait for its writer.
    descriptor = file.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
      throw Self.failure(path, String(cString: strerror(errno)))
    }
    guard let status = FileStatus(descriptor: descriptor) else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw Self.failure(path, reason)
    }
    guard status.kind == .file else {
      close(descriptor)
      throw Self.failure(
        path, status.kind == .folder ? "a folder, not a file" : "not a regular file")
    }
    size = status.size
  }

  deinit {
    close(descriptor)
  }

  var limit: Int { size }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let got = Foundation.read(descriptor, rest.baseAddress, rest.count)
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw Self.failure(path, String(cString: strerror(errno))) }
      if got == 0 { break }
      filled += got
    }
    return filled
  }

  /// Goes on reading at `position`, counted from the file's start.
  func seek(to position: Int) throws(DataError) {
    guard lseek(descriptor, off_t(position), SEEK_SET) >= 0 else {
      throw Self.failure(path, String(cString: strerror(errno)))
    }
  }

  /// Whether the file starts with `bytes`; does not move the place where it is read.
  func starts(with bytes: [UInt8]) -> Bool {
    var start = [UInt8](repeating: 0, count: bytes.count)
    return pread(descriptor, &start, start.count, 0) == start.count && start == bytes
  }

  private static func failure(_ path: String, _ why: String) -> DataError {
    DataError(
      .missing, what: path, why: why.prefix(1).lowercased() + why.dropFirst(),
      whatToDo: "check the path, and that the file may be read")
  }
}
