import Glibc

/// A failed system call on a file.
package struct FileError: Error, Hashable, Sendable {
  /// The system call, for example "rename".
  package let call: String
  /// The value of errno.
  package let code: Int32

  package init(call: String, code: Int32) {
    self.call = call
    self.code = code
  }

  /// The system's words and the call, for example "No space left on device (write)".
  package var reason: String { "\(String(cString: strerror(code))) (\(call))" }
}

/// The system calls that writing files needs, so that tests can make each of them fail.
package protocol FileOperations: Sendable {
  /// Opens a file and returns its descriptor.
  func open(_ path: String, flags: Int32, mode: mode_t) throws(FileError) -> Int32
  /// Writes at most all bytes and returns how many were written.
  func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int
  /// Returns when the file's content is on the disk.
  func synchronize(_ descriptor: Int32) throws(FileError)
  /// Sets the file's length in bytes.
  func truncate(_ descriptor: Int32, to length: Int) throws(FileError)
  /// Closes a descriptor; it is gone even when this throws.
  func close(_ descriptor: Int32) throws(FileError)
  /// Gives a file another name, replacing a file that has it.
  func rename(_ old: String, to new: String) throws(FileError)
  /// Deletes a file.
  func remove(_ path: String) throws(FileError)
}

/// The file operations of the operating system.
package struct SystemFiles: FileOperations {
  package init() {}

  package func open(_ path: String, flags: Int32, mode: mode_t) throws(FileError) -> Int32 {
    try check("open", Glibc.open(path, flags | O_CLOEXEC, mode))
  }

  package func write(
    _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer
  ) throws(FileError) -> Int {
    while true {
      let written = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      if written >= 0 { return written }
      if errno != EINTR { throw FileError(call: "write", code: errno) }
    }
  }

  package func synchronize(_ descriptor: Int32) throws(FileError) {
    try check("fsync", fsync(descriptor))
  }

  package func truncate(_ descriptor: Int32, to length: Int) throws(FileError) {
    try check("ftruncate", ftruncate(descriptor, length))
  }

  package func close(_ descriptor: Int32) throws(FileError) {
    try check("close", Glibc.close(descriptor))
  }

  package func rename(_ old: String, to new: String) throws(FileError) {
    try check("rename", Glibc.rename(old, new))
  }

  package func remove(_ path: String) throws(FileError) { try check("unlink", unlink(path)) }

  @discardableResult
  private func check(_ call: String, _ result: Int32) throws(FileError) -> Int32 {
    if result < 0 { throw FileError(call: call, code: errno) }
    return result
  }
}

extension FileOperations {
  /// Writes the chunks one after the other.
  package func writeAll(_ descriptor: Int32, _ chunks: [[UInt8]]) throws(FileError) {
    for chunk in chunks { try writeAll(descriptor, chunk) }
  }

  /// Writes all bytes, however many calls that takes.
  package func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) throws(FileError) {
    let failure: FileError? = bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        do throws(FileError) {
          let written = try write(descriptor, UnsafeRawBufferPointer(rebasing: rest))
          // A device that takes nothing and reports nothing would keep the loop going for ever.
          if written <= 0 { return FileError(call: "write", code: EIO) }
          rest = rest.dropFirst(written)
        } catch { return error }
      }
      return nil
    }
    if let failure { throw failure }
  }
}
