import Glibc

/// A regular file that is read from its beginning.
struct InputFile: ~Copyable {
  let path: String
  /// The length in bytes when the file was opened.
  let size: Int
  private let descriptor: Int32

  /// Throws with status 66 when there is no such file, 65 when it is not a regular one.
  init(_ path: String) throws(TrainingError) {
    // Without O_NONBLOCK opening a named pipe waits for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw TrainingError(
        .missingFile, path, why: "cannot be opened: \(String(cString: strerror(errno)))",
        advice: "check the path")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw TrainingError(
        .badData, path, why: "expected a regular file, got a folder or a device",
        advice: "give the path of a file")
    }
    self.path = path
    self.size = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// The next `count` bytes; throws with status 65 when the file ends before them.
  func read(_ count: Int) throws(TrainingError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress?.advanced(by: done), count - done)
      }
      if got < 0 && errno == EINTR { continue }
      guard got > 0 else {
        throw TrainingError(
          .badData, path,
          why: got < 0
            ? "cannot be read: \(String(cString: strerror(errno)))"
            : "ended after \(done) of \(count) bytes while it was read",
          advice: "check the disk, or use another copy")
      }
      done += got
    }
    return bytes
  }
}
