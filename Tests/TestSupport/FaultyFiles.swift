import Files
import Glibc
import Synchronization

/// The system's files, of which the call with a given number fails.
package final class FaultyFiles: FileOperations {
  /// What the failing call does.
  package enum Fault: Sendable {
    case error(Int32)
    /// Writes half of the bytes and says so, then fails with "no space left".
    case shortWrite
    /// Writes half of the bytes, if it is a write; then nothing is done any more, as after a kill.
    case death
  }

  private let system = SystemFiles()
  private let fault: Fault
  private let failing: Int
  private let log = Mutex<[String]>([])

  package init(failing: Int = .max, _ fault: Fault = .error(EIO)) {
    self.failing = failing
    self.fault = fault
  }

  /// The names of the calls so far.
  package var calls: [String] { log.withLock { $0 } }

  private func step(_ call: String) throws(FileError) {
    let number = log.withLock { calls in
      calls.append(call)
      return calls.count - 1
    }
    switch fault {
    case .error(let code):
      if number == failing { throw FileError(call: call, code: code) }
    case .shortWrite:
      if number > failing && call == "write" { throw FileError(call: call, code: ENOSPC) }
    case .death:
      if number > failing || (number == failing && call != "write") {
        throw FileError(call: call, code: EIO)
      }
    }
  }

  /// What is not counted still stops with the process.
  private func requireLife(_ call: String) throws(FileError) {
    if case .death = fault, calls.count > failing { throw FileError(call: call, code: EIO) }
  }

  package func open(_ path: String, flags: Int32, mode: mode_t) throws(FileError) -> Int32 {
    try step("open")
    return try system.open(path, flags: flags, mode: mode)
  }

  package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int
  {
    try step("write")
    let half = UnsafeRawBufferPointer(rebasing: bytes[..<((bytes.count + 1) / 2)])
    switch fault {
    case .shortWrite: return try system.write(descriptor, half)
    case .death where calls.count > failing:
      _ = try system.write(descriptor, half)
      throw FileError(call: "write", code: EIO)
    default: return try system.write(descriptor, bytes)
    }
  }

  package func synchronize(_ descriptor: Int32) throws(FileError) {
    try step("fsync")
    try system.synchronize(descriptor)
  }

  package func truncate(_ descriptor: Int32, to length: Int) throws(FileError) {
    try requireLife("ftruncate")
    try system.truncate(descriptor, to: length)
  }

  package func close(_ descriptor: Int32) throws(FileError) {
    // A descriptor is gone even when close reports an error.
    try system.close(descriptor)
    try step("close")
  }

  package func rename(_ old: String, to new: String) throws(FileError) {
    try step("rename")
    try system.rename(old, to: new)
  }

  package func remove(_ path: String) throws(FileError) {
    try requireLife("unlink")
    try system.remove(path)
  }
}
