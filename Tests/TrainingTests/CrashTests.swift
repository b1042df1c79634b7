import Files
import Foundation
import Glibc
import TestSupport
import Testing
import Training

/// A run whose process, disk or power fails in the middle.
@Suite(.serialized)
struct CrashTests {
  /// How often each test tries; `make crash-test` sets more.
  private static let tries = Crashes.number(of: 6)

  /// A finished run with checkpoints in its epochs, too, and the calls that wrote its files.
  private static let whole = Result { () -> (folder: TemporaryFolder, calls: [String]) in
    let folder = try TemporaryFolder()
    let files = FaultyFiles()
    #expect(try run(in: folder, files: files).finishes())
    return (folder, files.calls)
  }

  private static func run(
    in folder: TemporaryFolder, resume: Bool = false, files: any FileOperations = SystemFiles()
  ) throws -> TrainingRun {
    let run = try TinyRun().run(in: folder, resume: resume, files: files)
    run.checkpointInterval = 0
    return run
  }

  /// Continues in `folder` and expects the files of the run that nothing happened to.
  private static func expectToEndAlike(_ folder: TemporaryFolder, _ label: String) throws {
    let whole = try whole.get().folder
    #expect(try run(in: folder, resume: true).finishes(), "\(label)")
    let (expected, actual) = (try whole.contents, try folder.contents)
    #expect(actual.keys.sorted() == expected.keys.sorted(), "\(label)")
    // These have times in them.
    for (name, bytes) in expected
    where !["log.csv", "log.jsonl", "report.html"].contains(name) {
      #expect(actual[name] == bytes, "\(name), \(label)")
    }
    #expect(try folder.records == whole.records, "\(label)")
    try expectTable(in: folder)
  }

  /// Numbers of calls, mostly of those that are not one of the many writes.
  private static func chosenCalls(
    using generator: inout some RandomNumberGenerator
  ) throws -> [Int] {
    let calls = try whole.get().calls
    let others = calls.indices.filter { calls[$0] != "write" }
    return (0..<tries).compactMap { number in
      (number % 4 == 0 ? Array(calls.indices) : others).randomElement(using: &generator)
    }
  }

  @Test func checkpointsInAnEpochChangeNothing() throws {
    let plain = try TemporaryFolder()
    #expect(try TinyRun().run(in: plain).finishes())
    let whole = try Self.whole.get()
    #expect(
      try whole.folder.contents["checkpoint-last.safetensors"]
        == plain.contents["checkpoint-last.safetensors"])
    let renames = whole.calls.count { $0 == "rename" }
    // config.json; a report and a checkpoint or two an epoch; at least one more inside it.
    #expect(renames >= 1 + 3 * 3)
  }

  @Test("a process that dies at any call loses nothing that it had saved")
  func deathAtAnyCall() throws {
    var generator = Crashes.generator()
    for call in try Self.chosenCalls(using: &generator) {
      let folder = try TemporaryFolder()
      let label = "seed \(Crashes.seed), died at call \(call)"
      let files = FaultyFiles(failing: call, .death)
      do {
        _ = try Self.run(in: folder, files: files).finishes()
        // A fast run makes fewer checkpoints in its epochs; all is done before the last close.
        #expect(
          files.calls.count <= call || files.calls[call...].elementsEqual(["close"]), "\(label)")
      } catch is TrainingError {}
      let last = folder.file("checkpoint-last.safetensors")
      if FileManager.default.fileExists(atPath: last) { _ = try Checkpoint(contentsOf: last) }
      try Self.expectToEndAlike(folder, label)
    }
  }

  @Test("a full or broken disk ends the run with status 73 and loses nothing that it had saved")
  func failureAtAnyCall() throws {
    var generator = Crashes.generator()
    for call in try Self.chosenCalls(using: &generator) {
      let folder = try TemporaryFolder()
      let code = Bool.random(using: &generator) ? ENOSPC : EIO
      let label = "seed \(Crashes.seed), call \(call) failed with \(code)"
      let files = FaultyFiles(failing: call, .error(code))
      do {
        _ = try Self.run(in: folder, files: files).finishes()
        // Closing a folder, or a file that is already on the disk, may fail without a loss.
        #expect(files.calls.count <= call || files.calls[call] == "close", "\(label)")
      } catch let error as TrainingError {
        #expect(error.exitStatus == 73, "\(label)")
        #expect(try !folder.names.contains { $0.hasSuffix(".partial") }, "\(label)")
      }
      try Self.expectToEndAlike(folder, label)
    }
  }

  @Test("a loss of power leaves an old or a new checkpoint, whole, and a log that has its epochs")
  func lossOfPower() throws {
    let files = RecordingFiles()
    let folder = try TemporaryFolder()
    #expect(try Self.run(in: folder, files: files).finishes())
    let disk = files.disk
    var generator = Crashes.generator()
    for number in 0..<(20 * Self.tries) {
      let moment = Int.random(in: disk.moments, using: &generator)
      let state = disk.state(at: moment, using: &generator)
      let label = "seed \(Crashes.seed), power lost at \(moment)"
      try Self.expectWhole(state, at: moment, of: disk, label)
      if number % 40 == 0 { try Self.expectToEndAlike(TemporaryFolder(state), label) }
    }
  }

  /// Expects that nothing is lost of what cannot be lost any more at `moment`.
  private static func expectWhole(
    _ state: [String: [UInt8]], at moment: Int, of disk: RecordedDisk, _ label: String
  ) throws {
    for name in ["checkpoint-last.safetensors", "checkpoint-best.safetensors", "config.json"] {
      #expect(isWhole(name, state, at: moment, of: disk), "\(name), \(label)")
    }
    guard state["checkpoint-last.safetensors"] != nil else { return }
    let folder = try TemporaryFolder(
      state.filter { ["checkpoint-last.safetensors", "log.jsonl"].contains($0.key) })
    let header = try Checkpoint(contentsOf: folder.file("checkpoint-last.safetensors")).header
    let logged = try folder.records.map(\.epoch)
    let epochs = header.position.epoch - (header.awaitsEvaluation ? 1 : 0)
    #expect(logged.starts(with: Array(1..<epochs + 1)), "\(label)")
  }

  /// Whether a file is one of its versions, and none older than the newest that is safe.
  private static func isWhole(
    _ name: String, _ state: [String: [UInt8]], at moment: Int, of disk: RecordedDisk
  ) -> Bool {
    let versions = disk.versions(of: name)
    let oldest = versions.lastIndex { version in version.safeFrom.map { $0 <= moment } ?? false }
    guard let content = state[name] else { return oldest == nil }
    return versions[(oldest ?? 0)...].contains { $0.content == content }
  }

  @Test("the test of a loss of power sees a missing fsync")
  func missingSynchronization() throws {
    let files = RecordingFiles(ignoresSynchronization: true)
    let folder = try TemporaryFolder()
    #expect(try Self.run(in: folder, files: files).finishes())
    let disk = files.disk
    var generator = Crashes.generator()
    let broken = (0..<100).count { _ in
      let moment = Int.random(in: disk.moments, using: &generator)
      let state = disk.state(at: moment, using: &generator)
      return !Self.isWhole("checkpoint-last.safetensors", state, at: moment, of: disk)
    }
    #expect(broken > 0)
  }

  @Test func aFinishedRunsLastReportIsNotLost() throws {
    // The last call that writes the report's file is before the last checkpoint's: a run that
    // knows it is finished makes no report.
    let folder = try TemporaryFolder()
    let files = RecordingFiles()
    #expect(try Self.run(in: folder, files: files).finishes())
    let disk = files.disk
    let report = try #require(disk.versions(of: "report.html").last?.safeFrom)
    let last = try #require(disk.versions(of: "checkpoint-last.safetensors").last?.safeFrom)
    #expect(report < last)
  }
}
