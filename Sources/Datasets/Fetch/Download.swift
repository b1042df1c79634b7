import Files
import Foundation

/// Gets a published file by curl: it continues what an earlier try left, tries one place after the
/// other, and takes only the bytes that the file's sum promises.
struct Download {
  let file: RemoteFile
  /// URLs of folders, in the order to try them.
  let sources: [String]
  /// Where the file goes.
  let folder: URL

  /// The finished file.
  var destination: URL { folder.appendingPathComponent(file.name) }
  /// What has come so far.
  var partial: URL { folder.appendingPathComponent(file.name + ".part") }

  /// Why one place did not give the file.
  private enum Failure: Error {
    /// What has come may be continued from elsewhere.
    case interrupted(String)
    /// What has come is of no use.
    case wrong(String)
    case fatal(DataError)
  }

  /// Gets the file, or leaves it where it is already whole; `report` is told the bytes so far.
  ///
  /// Throws `missing` when no place has it or `stop` says so, `malformed` when one gives other bytes
  /// or a file of its name has others, `unwritable` for a full disk.
  func run(report: (Int) -> Void, stop: () -> Bool = { false }) throws(DataError) {
    if FileManager.default.fileExists(atPath: destination.path) {
      let sum = try SHA256.sum(of: destination)
      guard sum == file.sha256 else {
        throw DataError(
          .malformed, what: destination.path,
          why: "its SHA-256 is \(sum), expected \(file.sha256)",
          whatToDo: "remove it and fetch again")
      }
      return
    }
    var reasons: [String] = []
    var isWrong = false
    for source in sources {
      // What an earlier try left may be damaged: the same place is then tried from the start.
      for _ in 0..<2 {
        let continues = size > 0
        do throws(Failure) {
          try get(source + file.name, report: report, stop: stop)
          return try publish()
        } catch {
          switch error {
          case .fatal(let error): throw error
          case .interrupted(let why): reasons.append("\(source): \(why)")
          case .wrong(let why):
            unlink(partial.path)
            if continues { continue }
            isWrong = true
            reasons.append("\(source): \(why)")
          }
        }
        break
      }
    }
    throw DataError(
      isWrong ? .malformed : .missing, what: file.name,
      why: "cannot be downloaded from " + reasons.joined(separator: ", nor from "),
      whatToDo: "try again to continue, or put the file into \(folder.path)")
  }

  /// The bytes that have come.
  private var size: Int { FilePath(partial).status?.size ?? 0 }

  private func get(
    _ url: String, report: (Int) -> Void, stop: () -> Bool
  ) throws(Failure) {
    if size > file.size { throw .wrong("more than \(file.size) bytes") }
    if size < file.size {
      let (status, message) = try curl(url, report: report, stop: stop)
      switch status {
      case 0: break
      // The server cannot continue a file, or the rest is not of this file.
      case 33, 36: throw .wrong(message)
      case 23: throw .fatal(.unwritable(partial.path, message))
      default: throw .interrupted(message)
      }
    }
    guard size == file.size else { throw .wrong("\(size) bytes, expected \(file.size)") }
    let sum: String
    do { sum = try SHA256.sum(of: partial) } catch { throw .fatal(error) }
    guard sum == file.sha256 else {
      throw .wrong("its SHA-256 is \(sum), expected \(file.sha256)")
    }
  }

  /// Runs curl to its end; its exit status and what it says.
  private func curl(
    _ url: String, report: (Int) -> Void, stop: () -> Bool
  ) throws(Failure) -> (status: Int32, message: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "curl", "--fail", "--location", "--silent", "--show-error", "--globoff",
      "--proto", "=https,http,file", "--proto-redir", "=https,http", "--connect-timeout", "20",
      // A server that sends nothing for a minute is given up.
      "--speed-limit", "1", "--speed-time", "60",
      "--continue-at", "-", "--output", partial.path, "--", url,
    ]
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    do { try process.run() } catch {
      throw .fatal(
        DataError(
          .missing, what: "curl", why: "cannot be started (\(error))", whatToDo: "install curl"))
    }
    while process.isRunning {
      usleep(20_000)
      report(size)
      // What a server sends is not bounded by what it should send; and curl, in a group of its own
      // and with the signals blocked that this process takes on a thread of its own, does not see
      // Ctrl-C.
      if size > file.size || stop() { kill(process.processIdentifier, SIGKILL) }
    }
    process.waitUntilExit()
    if stop() {
      throw .fatal(
        DataError(
          .missing, what: file.name, why: "interrupted after \(size) of \(file.size) bytes",
          whatToDo: "fetch again to continue"))
    }
    let said = (try? output.fileHandleForReading.readToEnd()) ?? nil
    let message =
      String(decoding: said ?? Data(), as: UTF8.self)
      .split(whereSeparator: \.isNewline).last.map(String.init) ?? "curl ended without a word"
    guard process.terminationStatus != 127 else {
      throw .fatal(
        DataError(.missing, what: "curl", why: "no such program", whatToDo: "install curl"))
    }
    if size > file.size { throw .wrong("more than \(file.size) bytes") }
    return (process.terminationReason == .exit ? process.terminationStatus : -1, message)
  }

  /// Gives the file its name, once its bytes are on the disk.
  private func publish() throws(Failure) {
    let files = SystemFiles()
    do throws(FileError) {
      for path in [partial.path, folder.path] {
        let descriptor = try files.open(path, flags: O_RDONLY, mode: 0)
        defer { try? files.close(descriptor) }
        if path == folder.path { try files.rename(partial.path, to: destination.path) }
        try files.synchronize(descriptor)
      }
    } catch { throw .fatal(.unwritable(destination.path, error.reason)) }
  }
}
