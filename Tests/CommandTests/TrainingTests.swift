import Foundation
import Glibc
import Testing

@Suite(.serialized)
struct TrainingTests {
  private static func contents(_ folder: String, _ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  @Test func resultsGoToOutputAndProgressToError() throws {
    let run = try Small.finished.get()
    #expect(run.result.status == 0, "\(run.result.error)")
    #expect(run.result.out.contains("test error"))
    #expect(run.result.out.contains("\(run.output)/checkpoint-best.safetensors"))
    // No terminal: whole lines, nothing that moves the cursor.
    #expect(!run.result.error.contains("\r") && !run.result.error.contains("\u{1b}"))
    #expect(run.result.errorLines.contains { $0.hasPrefix("epoch 1/2") })
    #expect(run.result.errorLines.contains { $0.hasPrefix("epoch 2/2") })
    #expect(!run.result.out.contains("epoch 1/2"))
  }

  @Test func aRunLeavesItsFiles() throws {
    let output = try Small.finished.get().output
    let names = try FileManager.default.contentsOfDirectory(atPath: output)
    #expect(
      names.filter { !$0.hasPrefix(".") }.sorted() == [
        "checkpoint-best.safetensors", "checkpoint-last.safetensors", "config.json", "log.csv",
        "log.jsonl", "report.html", "tuning.json",
      ])
    let log = String(decoding: try Self.contents(output, "log.jsonl"), as: UTF8.self)
    let lines = log.split(separator: "\n")
    #expect(lines.count == 2)
    for line in lines {
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      for key in [
        "epoch", "lr", "train_loss", "train_error", "test_loss", "test_error", "train_time",
        "test_time", "images_per_second", "n_parameters",
      ] { #expect(object[key] != nil, "\(key) is missing") }
    }
  }

  @Test func theSameSeedGivesTheSameBits() throws {
    let run = try Small.finished.get()
    let folder = try TemporaryFolder()
    let output = folder.path("again")
    let result = try Command.run(Small.train + ["--epochs", "2", "--output", output])
    #expect(result.status == 0)
    // Compared outside of #expect, which would take minutes to list differences.
    let isSame = try Self.tensors(run.output) == Self.tensors(output)
    #expect(isSame)
  }

  /// The bytes of the last checkpoint without its metadata, which hold times.
  private static func tensors(_ folder: String) throws -> Data {
    let file = try contents(folder, "checkpoint-last.safetensors")
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    return file.dropFirst(8 + length)
  }

  @Test func aFinishedRunIsNotOverwrittenButResumed() throws {
    let run = try Small.finished.get()
    let before = try Self.contents(run.output, "checkpoint-last.safetensors")
    try expectFailure(
      73, Small.train + ["--epochs", "2", "--output", run.output], mentions: "--resume",
      afterProgress: true)
    let result = try Command.run(
      Small.train + ["--epochs", "2", "--output", run.output, "--resume"])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.out == run.result.out)
    #expect(try Self.contents(run.output, "checkpoint-last.safetensors") == before)
  }

  @Test func resumingWithOtherOptionsIsRefused() throws {
    let run = try Small.finished.get()
    for options in [
      ["--seed", "2"], ["--lr", "0.5"], ["--model", "wrn-16-1"], ["--limit", "32"],
    ] {
      try expectFailure(
        65, Small.train + ["--epochs", "2", "--output", run.output, "--resume"] + options,
        afterProgress: true)
    }
  }

  @Test func anInterruptedRunContinuesToTheSameBits() throws {
    let folder = try TemporaryFolder()
    let (whole, parts) = (folder.path("whole"), folder.path("parts"))
    let train = Small.train + ["--data", "synthetic:1x8x8:4:512", "--epochs", "30"]
    #expect(try Command.run(train + ["--output", whole]).status == 0)

    let first = try Command(train + ["--output", parts])
    while first.isRunning, try !first.errorSoFar().contains("epoch 2/30") { usleep(2_000) }
    first.interrupt()
    let interrupted = try first.wait(seconds: 60)
    #expect(interrupted.status == 130, "\(interrupted.error)")
    #expect(interrupted.errorLines.last?.contains("--resume") == true)
    #expect(interrupted.out.isEmpty)

    let resumed = try Command.run(train + ["--output", parts, "--resume"])
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(resumed.error.contains("continuing at epoch"))
    let (expected, actual) = (try Self.tensors(whole), try Self.tensors(parts))
    #expect(actual == expected)
  }

  @Test func severalRunsReportTheMedian() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("runs")
    let result = try Command.run(
      Small.train + ["--epochs", "1", "--runs", "2", "--output", output])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.out.contains("median test error of 2 runs"))
    #expect(FileManager.default.fileExists(atPath: "\(output)/run-2/log.jsonl"))
  }

  @Test func aBatchThatDoesNotFitGoesInParts() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("run")
    let train = [
      "train", "--model", Small.model, "--data", "synthetic:3x32x32:4:64", "--recipe", "quick",
      "--batch", "64", "--epochs", "1", "--no-tune", "--output", output,
    ]
    let result = try Command.run(train, environment: ["WIDECL_MEMORY_LIMIT": "8M"])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains("each batch of 64 goes in parts of at most"))
    let log = String(decoding: try Self.contents(output, "log.jsonl"), as: UTF8.self)
    #expect(log.contains("\"micro_batch\": "))
  }

  @Test func aLossThatIsNotFiniteStopsTheRun() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("run")
    try expectFailure(
      65, Small.train + ["--epochs", "3", "--output", output, "--lr", "1e30"],
      mentions: "not finite", afterProgress: true)
    let left = try FileManager.default.contentsOfDirectory(atPath: output)
    #expect(!left.contains { $0.hasSuffix(".safetensors") }, "a checkpoint of a broken network")
  }
}
