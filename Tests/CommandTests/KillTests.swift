import Foundation
import Glibc
import TestSupport
import Testing
import Training

/// Runs that are killed, and folders and clocks that change under them.
@Suite(.serialized)
struct KillTests {
  private static let train = Small.train + ["--data", "synthetic:1x8x8:4:512", "--epochs", "6"]

  private static let kernels = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Kernels")

  private static func bytes(_ folder: String, _ name: String) throws -> Data {
    try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
  }

  /// What may not differ between two runs with the same options.
  private static func result(_ folder: String) throws -> [String: Data] {
    var result: [String: Data] = [:]
    for name in [
      "checkpoint-last.safetensors", "checkpoint-best.safetensors", "tuning.json",
    ] { result[name] = try bytes(folder, name) }
    // The command and the moment are each run's own.
    var configuration = try #require(
      try JSONSerialization.jsonObject(with: bytes(folder, "config.json")) as? [String: Any])
    let command = configuration.removeValue(forKey: "command") as? String
    #expect(command?.hasPrefix("widecl train ") == true)
    #expect(configuration.removeValue(forKey: "started") != nil)
    result["config.json"] = try JSONSerialization.data(
      withJSONObject: configuration, options: [.sortedKeys])
    // The log without what the clock says.
    let logged = try RunLog(path: "\(folder)/log.jsonl").records()
    let table = String(decoding: try bytes(folder, "log.csv"), as: UTF8.self)
    #expect(
      table
        == ([EpochRecord.tableHead] + logged.map(\.tableRow)).map { $0 + "\r\n" }.joined())
    let records = logged.map { record in
      var record = record
      (record.trainTime, record.testTime, record.imagesPerSecond) = (0, 0, 0)
      return record.line
    }
    result["log.jsonl"] = Data(records.joined(separator: "\n").utf8)
    // Sample images and the confusion matrix come after the curves.
    let page = String(decoding: try bytes(folder, "report.html"), as: UTF8.self)
    result["report.html"] = Data(
      page[try #require(page.range(of: "<h2>Confusion")).lowerBound...].utf8)
    return result
  }

  @Test("killed at any moment, a run has a valid checkpoint and ends in the same files")
  func killAtAnyMoment() throws {
    let folder = try TemporaryFolder()
    _ = try Small.finished.get()  // its kernels are compiled
    let begin = Date()
    let whole = try Command.run(Self.train + ["--output", folder.path("whole")])
    #expect(whole.status == 0, "\(whole.error)")
    var duration = Date().timeIntervalSince(begin)
    let expected = try Self.result(folder.path("whole"))
    var generator = Crashes.generator()
    var (kills, runs) = (0, 0)
    let wanted = Crashes.number(of: 10)
    while kills < wanted {
      runs += 1
      let output = folder.path("run-\(runs)")
      var epochs = -1
      while true {
        let begin = Date()
        let command = try Command(Self.train + ["--resume", "--output", output])
        let moment = begin.addingTimeInterval(Double.random(in: 0..<duration, using: &generator))
        while command.isRunning && (kills == wanted || Date() < moment) { usleep(500) }
        if command.isRunning { command.send(SIGKILL) }
        let result = try command.wait(seconds: 60)
        if result.status == 0 {
          // The machine may have been busier at first.
          if epochs < 0 { duration = min(duration, Date().timeIntervalSince(begin)) }
          break
        }
        let label = "seed \(Crashes.seed), kill \(kills + 1): \(result.error)"
        #expect(result.status == 128 + SIGKILL, "\(label)")
        guard result.status == 128 + SIGKILL else { return }
        kills += 1
        let done = try Self.epochs(output)
        #expect(done >= epochs, "\(label)")
        epochs = done
      }
      for (name, bytes) in try Self.result(output) {
        #expect(bytes == expected[name], "\(name), seed \(Crashes.seed), run \(runs)")
      }
      try FileManager.default.removeItem(atPath: output)
    }
    print("\(kills) kills, \(runs) runs to their end")
  }

  /// The epochs that the last checkpoint has, after a look at everything that a killed run left; -1
  /// where there is none yet.
  private static func epochs(_ folder: String) throws -> Int {
    let logged = try RunLog(path: folder + "/log.jsonl").records().map(\.epoch)
    let best = folder + "/checkpoint-best.safetensors"
    if FileManager.default.fileExists(atPath: best) { _ = try Checkpoint(contentsOf: best) }
    let last = folder + "/checkpoint-last.safetensors"
    guard FileManager.default.fileExists(atPath: last) else { return -1 }
    let epochs = try Checkpoint(contentsOf: last).header.position.epoch
    #expect(logged.starts(with: 1..<epochs + 1))
    return epochs
  }

  @Test("the process, the device's memory and the number of OpenCL objects stay as they are")
  func longRun() throws {
    let steps = Crashes.number(of: 500)
    let result = try Command(["long-run", "\(steps)"], program: "widecl-benchmarks").wait()
    #expect(result.status == 0, "\(result.out)")
  }

  @Test("a clock that jumps changes nothing")
  func jumpingClock() throws {
    let run = try Small.finished.get()
    let folder = try TemporaryFolder()
    let output = folder.path("run")
    let result = try Command.run(
      Small.train + ["--epochs", "2", "--output", output], environment: Shims.jumpingClock())
    #expect(result.status == 0, "\(result.error)")
    #expect(try Self.result(output) == Self.result(run.output))
    let logged = try RunLog(path: output + "/log.jsonl").records()
    #expect(logged.allSatisfy { (0..<300).contains($0.trainTime + $0.testTime) })
  }

  @Test("a file that may not grow is a disk that is full")
  func limitOnFiles() throws {
    // Without a device: LLVM, in drivers, ends the process when its own files may not grow.
    let folder = try TemporaryFolder()
    let cache = ["XDG_CACHE_HOME": folder.path("cache")]
    let shipped = try FileManager.default.contentsOfDirectory(
      at: Self.kernels.appending(path: "tuned"), includingPropertiesForKeys: nil)
    let results = try #require(shipped.first { $0.pathExtension == "json" }).path
    #expect(try Command.run(["tune", "--import", results], environment: cache).status == 0)
    let exported = folder.path("exported.json")
    // What started the tests may ignore the signal, and its children do, too.
    let launcher = [
      "/usr/bin/env", "--default-signal=XFSZ", "/bin/sh", "-c", "ulimit -f 8; exec \"$@\"", "sh",
    ]
    try expectFailure(
      73, ["tune", "--export", exported], environment: cache, launcher: launcher,
      mentions: "File too large")
    #expect(!FileManager.default.fileExists(atPath: exported))
  }

  @Test("a folder made read-only ends the run, and the run goes on when it is writable again")
  func readOnlyFolder() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("run")
    // Long enough for the folder to change under it.
    let train = Small.train + ["--epochs", "100000", "--resume", "--output", output]
    // Permissions stop root only without this capability.
    let launcher =
      getuid() == 0
      ? ["/usr/bin/env", "setpriv", "--bounding-set=-dac_override", "--"] : []
    let command = try Command(train, launcher: launcher)
    while command.isRunning, try !command.errorSoFar().contains("epoch 1/") { usleep(2_000) }
    chmod(output, 0o555)
    let result = try command.wait(seconds: 60)
    chmod(output, 0o755)
    #expect(result.status == 73, "\(result.error)")
    #expect(result.errorLines.last?.hasPrefix("widecl: \(output)/") == true, "\(result.error)")
    #expect(result.errorLines.last?.contains("Permission denied") == true, "\(result.error)")
    let epochs = try Self.epochs(output)
    let resumed = try Command(train)
    while resumed.isRunning, try !resumed.errorSoFar().contains("epoch \(epochs + 1)/") {
      usleep(2_000)
    }
    resumed.interrupt()
    #expect(try resumed.wait(seconds: 60).status == 130)
    #expect(try Self.epochs(output) > epochs)
  }

  @Test("a second process is refused while the first one tunes")
  func secondProcessDuringTuning() throws {
    let folder = try TemporaryFolder()
    let train =
      Small.train.filter { $0 != "--no-tune" }
      + ["--tune-budget", "60s", "--output", folder.path("run")]
    // Without any results the first one begins with tuning.
    let kernels = folder.url.appending(path: "Kernels")
    try FileManager.default.copyItem(at: Self.kernels, to: kernels)
    try FileManager.default.removeItem(at: kernels.appending(path: "tuned"))
    let environment = ["XDG_CACHE_HOME": folder.path("cache"), "WIDECL_KERNELS": kernels.path]
    let first = try Command(train, environment: environment)
    while first.isRunning, try !first.errorSoFar().contains("tuning ") { usleep(2_000) }
    try expectFailure(
      73, Small.train + ["--output", folder.path("run")], mentions: "another process",
      afterProgress: true)
    #expect(first.isRunning)
    first.interrupt()
    #expect(try first.wait(seconds: 60).status == 130)
    #expect(!FileManager.default.fileExists(atPath: folder.path("run") + "/tuning.json"))
  }
}
