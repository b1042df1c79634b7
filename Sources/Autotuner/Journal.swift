import DeviceRuntime
import Files
import Foundation
import Glibc

/// A file with a line before each try and one after it.
///
/// A candidate that crashed or hung the process has no line after it: at the next start it is on
/// the black list. What a verification found wrong is noted too. Only one process at a time holds
/// the journal.
package final class Journal {
  /// One candidate on one device.
  package struct Key: Hashable, Codable, Sendable {
    package var device: String
    package var driver: String
    package var operation: String
    package var problem: String
    package var configuration: String

    package init(
      device: DeviceInfo, operation: String, problem: String, configuration: String
    ) {
      self.device = device.name
      self.driver = device.driver
      self.operation = operation
      self.problem = problem
      self.configuration = configuration
    }
  }

  private struct Line: Codable {
    /// A `check` that ends well is followed by `right`; at the next start all others are `wrong`.
    enum Event: String, Codable { case begin, end, crashed, check, right, wrong }
    var event: Event
    var key: Key
    var outcome: TuningRow.Outcome?
    /// What was wrong, a line a check.
    var failures: [String]?
  }

  /// What a journal's lines say.
  package struct Content: Sendable {
    /// Candidates that ended the process.
    package var crashed: Set<Key> = []
    /// Candidates that were begun and not ended, in this process' life or that of the last one.
    package var open: Set<Key> = []
    /// What the tries since the last `start` came to.
    package var outcomes: [Key: TuningRow.Outcome] = [:]
    /// What a verification since the last `start` found wrong with each; nothing where it is right.
    package var verdicts: [Key: [String]] = [:]
    /// Candidates that a verification, this one or an earlier one, found wrong and none right since;
    /// also those that ended it.
    package var wrong: Set<Key> = []

    package var blacklist: Set<Key> { crashed.union(open) }
  }

  package let path: String
  /// The candidates not to try, as the file said when it was opened.
  package let blacklist: Set<Key>
  /// The configurations that a verification found wrong, as the file said when it was opened.
  package let distrust: Distrust
  private let outcomes: [Key: TuningRow.Outcome]
  private let verdicts: [Key: [String]]
  private let files: any FileOperations
  private let descriptor: Int32

  /// Opens the journal, or makes it, and keeps others out.
  package init(_ path: String, files: any FileOperations = SystemFiles()) throws(TuningError) {
    do {
      descriptor = try files.open(path, flags: O_RDWR | O_CREAT | O_APPEND, mode: 0o666)
    } catch { throw Journal.cannotWrite(path, error) }
    self.path = path
    self.files = files
    // A file system without locks must not keep anybody from tuning.
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno != ENOLCK && errno != EOPNOTSUPP {
      if errno == EINTR { continue }
      try? files.close(descriptor)
      throw TuningError(
        .cannotWrite, path, why: "another process is tuning", advice: "wait for it")
    }
    let bytes = Journal.bytes(path)
    let content = Journal.content(bytes)
    blacklist = content.blacklist
    distrust = Distrust(content)
    outcomes = content.outcomes
    verdicts = content.verdicts
    // The process that wrote the last line may have died in the middle of it.
    if let last = bytes.last, last != UInt8(ascii: "\n") { try write([UInt8(ascii: "\n")]) }
  }

  deinit { try? files.close(descriptor) }

  /// What a try of this tuning came to before its process was ended and started again.
  package func outcome(_ key: Key) -> TuningRow.Outcome? { outcomes[key] }

  /// Notes that a candidate is about to be tried.
  package func begin(_ key: Key) throws(TuningError) {
    try write(Line(event: .begin, key: key))
  }

  /// Notes that a try ended, with what it came to.
  package func end(_ key: Key, _ outcome: TuningRow.Outcome) throws(TuningError) {
    try write(Line(event: .end, key: key, outcome: outcome))
  }

  /// What a check of this verification found before its process was ended and started again.
  package func verdict(_ key: Key) -> [String]? { verdicts[key] }

  /// Notes that a verification is about to check a candidate.
  package func beginCheck(_ key: Key) throws(TuningError) {
    try write(Line(event: .check, key: key))
  }

  /// Notes what a verification found wrong with a candidate: nothing if it is right.
  package func endCheck(_ key: Key, failures: [String]) throws(TuningError) {
    try write(Line(event: failures.isEmpty ? .right : .wrong, key: key, failures: failures))
  }

  /// Begins a tuning or a verification: keeps the black list and what was found
  /// wrong, and forgets the outcomes of earlier tries.
  package static func start(
    _ path: String, files: any FileOperations = SystemFiles()
  ) throws(TuningError) {
    let journal = try Journal(path, files: files)
    let encoder = Journal.encoder
    var lines: [[UInt8]] = []
    for (event, keys) in [
      (Line.Event.crashed, journal.blacklist), (.wrong, content(of: path).wrong),
    ] {
      for key in keys.sorted(by: { "\($0)" < "\($1)" }) {
        guard let data = try? encoder.encode(Line(event: event, key: key)) else { continue }
        lines.append(Array(data) + [UInt8(ascii: "\n")])
      }
    }
    do { try AtomicFile.replace(path, by: lines, files: files) } catch {
      throw cannotWrite(path, error)
    }
  }

  /// What the file at `path` says; nothing where it can't be read.
  package static func content(of path: String) -> Content { content(bytes(path)) }

  private static func bytes(_ path: String) -> [UInt8] {
    FileManager.default.contents(atPath: path).map { Array($0) } ?? []
  }

  private static func content(_ bytes: [UInt8]) -> Content {
    var content = Content()
    let decoder = JSONDecoder()
    for text in bytes.split(separator: UInt8(ascii: "\n")) {
      // A line that was cut off says nothing.
      guard let line = try? decoder.decode(Line.self, from: Data(text)) else { continue }
      switch line.event {
      case .begin: content.open.insert(line.key)
      case .crashed: content.crashed.insert(line.key)
      case .end:
        content.open.remove(line.key)
        content.outcomes[line.key] = line.outcome
      case .check:
        content.open.insert(line.key)
        content.wrong.insert(line.key)
      case .right:
        content.open.remove(line.key)
        content.wrong.remove(line.key)
        content.verdicts[line.key] = []
      case .wrong:
        content.open.remove(line.key)
        content.wrong.insert(line.key)
        // Without failures it is of an earlier verification.
        content.verdicts[line.key] = line.failures
      }
    }
    return content
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  private func write(_ line: Line) throws(TuningError) {
    guard let data = try? Journal.encoder.encode(line) else {
      preconditionFailure("a journal line of strings and numbers")
    }
    try write(Array(data) + [UInt8(ascii: "\n")])
  }

  private func write(_ bytes: [UInt8]) throws(TuningError) {
    do {
      try files.writeAll(descriptor, bytes)
      try files.synchronize(descriptor)
    } catch { throw Journal.cannotWrite(path, error) }
  }

  private static func cannotWrite(_ path: String, _ error: FileError) -> TuningError {
    TuningError(
      .cannotWrite, path, why: "cannot be written: \(error.reason)",
      advice: error.code == ENOSPC || error.code == EDQUOT
        ? "make room on the disk" : "check the folder and its permissions, or set XDG_CACHE_HOME")
  }
}
