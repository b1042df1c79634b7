import Foundation
import Glibc
import Testing

/// `widecl reproduce` on tiny images.
@Suite(.serialized)
struct ReproduceTests {
  private static let small = [
    "reproduce", "table6", "--data", "synthetic:1x8x8:4:64", "--epochs", "2", "--runs", "2",
    "--batch", "16", "--rows", "wrn-16-4", "--no-tune", "--json",
  ]

  private static let finished = Result {
    let folder = try TemporaryFolder()
    let result = try Command.run(small + ["--output", folder.path("study")])
    return (folder: folder, output: folder.path("study"), result: result)
  }

  private func rows(_ result: CommandResult) throws -> [[String: Any]] {
    try #require(try result.object()["rows"] as? [[String: Any]])
  }

  @Test func theTableHasThePapersNumbersOursAndWhatDiffers() throws {
    let run = try Self.finished.get()
    #expect(run.result.status == 0, "\(run.result.error)")
    let rows = try rows(run.result)
    #expect(rows.compactMap { $0["network"] as? String } == ["WRN-16-4", "WRN-16-4 dropout"])
    #expect(rows.compactMap { $0["paper_error"] as? Double } == [5.02, 5.24])
    for row in rows {
      let errors = try #require(row["errors"] as? [Double])
      #expect(errors.count == 2 && row["status"] as? String == "done")
      #expect(row["error"] as? Double == (errors[0] + errors[1]) / 2)
      let differences = try #require(row["differences"] as? [String])
      #expect(differences.contains("2 epochs, not 200") && differences.contains("2 runs, not 5"))
    }
    // Before a row is run, all that will be run is told, with its time.
    #expect(run.result.error.contains("in all"))
    for name in [
      "result.txt", "result.md", "result.csv", "result.json", "curves.csv", "report.html",
    ] {
      #expect(FileManager.default.fileExists(atPath: "\(run.output)/\(name)"), "\(name)")
    }
    let curves = try String(contentsOfFile: run.output + "/curves.csv", encoding: .utf8)
    #expect(curves.split(whereSeparator: \.isNewline).count == 5)
  }

  /// As a run of `train` does, whose reports show it.
  @Test func eachRunRecordsWhatBeganIt() throws {
    let output = try Self.finished.get().output
    let command = (["widecl"] + Self.small + ["--output", output]).joined(separator: " ")
    for run in ["WRN-16-4/run-1", "WRN-16-4/run-2"] {
      let folder = "\(output)/\(run.lowercased())"
      let json = try Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))
      let config = try #require(
        try JSONSerialization.jsonObject(with: json) as? [String: Any])
      #expect(config["command"] as? String == command)
      let started = try #require(config["started"] as? String)
      let device = try #require(config["device"] as? String)
      let page = try String(contentsOfFile: folder + "/report.html", encoding: .utf8)
      for text in [device, started, command] { #expect(page.contains(text), "\(run): \(text)") }
    }
  }

  @Test func finishedRowsAreNotRunAgain() throws {
    let run = try Self.finished.get()
    let again = try Command.run(Self.small + ["--output", run.output])
    #expect(again.status == 0 && again.out == run.result.out)
    #expect(!again.error.contains("epoch 1/2") && again.error.contains("done"))
  }

  @Test func anotherSettingInTheSameFolderIsRefused() throws {
    let run = try Self.finished.get()
    for options in [["--seed", "2"], ["--lr", "0.5"], ["--limit", "32"], ["--epochs", "3"]] {
      try expectFailure(
        65, Self.small + ["--output", run.output] + options, mentions: "another",
        afterProgress: true)
    }
    try expectFailure(
      65,
      ["reproduce", "table4"] + Self.small.dropFirst(2) + ["--output", run.output]
        + ["--rows", "1"], mentions: "experiment", afterProgress: true)
  }

  /// Ctrl-C, or an end without any warning, in the first run, then the same command.
  @Test(arguments: [SIGINT, SIGKILL])
  func aStoppedStudyContinuesToTheSameTable(signal: Int32) throws {
    let folder = try TemporaryFolder()
    let study =
      Self.small + ["--data", "synthetic:1x8x8:4:256", "--epochs", "4", "--rows", "1"]
    let whole = try Command.run(study + ["--output", folder.path("whole")])
    #expect(whole.status == 0, "\(whole.error)")
    let first = try Command(study + ["--output", folder.path("parts")])
    while first.isRunning, try !first.errorSoFar().contains("epoch 2/4") { usleep(2_000) }
    first.send(signal)
    let stopped = try first.wait(seconds: 60)
    #expect(stopped.status == (signal == SIGINT ? 130 : 128 + SIGKILL), "\(stopped.error)")
    #expect(stopped.out.isEmpty)
    let resumed = try Command.run(study + ["--output", folder.path("parts")])
    #expect(resumed.status == 0, "\(resumed.error)")
    #expect(resumed.out == whole.out)
    #expect(!resumed.error.contains("epoch 1/4  train") || resumed.error.contains("run 2 of 2"))
  }

  @Test func whatIsNotBuiltIsSaid() throws {
    let folder = try TemporaryFolder()
    let result = try Command.run([
      "reproduce", "table9", "--data", "synthetic:1x8x8:4:16", "--epochs", "1", "--batch", "4",
      "--rows", "coco,wrn-50-2", "--json", "--output", folder.path("study"),
    ])
    #expect(result.status == 0, "\(result.error)")
    let states = try rows(result).compactMap { $0["status"] as? String }
    #expect(states == ["for other images", "not built yet"])
  }

  @Test func aPlanRunsNothing() throws {
    let folder = try TemporaryFolder()
    let result = try Command.run(
      Self.small + ["--plan", "--output", folder.path("study")])
    #expect(result.status == 0, "\(result.error)")
    let rows = try #require(try result.json() as? [[String: Any]])
    #expect(rows.count == 2 && rows.allSatisfy { ($0["seconds"] as? Double ?? 0) > 0 })
    for row in rows {
      #expect(row["epochs"] as? Int == 4 && row["epochs_per_run"] as? Int == 2)
      #expect(row["runs"] as? Int == 2 && row["batch"] as? Int == 16)
      #expect(row["train_images"] as? Int == 64 && row["test_images"] as? Int == 12)
      #expect((row["folder"] as? String)?.hasPrefix(folder.path("study")) == true)
    }
    #expect(rows.map { $0["paper_error"] as? Double } == [5.02, 5.24])
    #expect(result.error.contains("measuring a step of WRN-16-4 dropout, 2 of 2"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("study")))
  }

  /// The data are nowhere, and no device could tell times.
  @Test func aPlanNeedsNoData() throws {
    let result = try Command.run(
      ["reproduce", "table4", "--data", "cifar100", "--plan", "--rows", "1,wrn-40-8"],
      environment: ["OCL_ICD_VENDORS": "/nonexistent", "WIDECL_DATA": "/nonexistent"])
    #expect(result.status == 69 && result.errorLines.count == 1, "\(result.error)")
    for text in [
      "table4: depth and width; on cifar100", "200 a run; the learning rate drops at 60, 120, 160",
      "5 a row, whose median counts", "50000 to train, 10000 to test, batch 128",
      "learning rate 0.1, Nesterov momentum 0.9, weight decay 0.0005, zca",
      "runs/table4-cifar100",
    ] { #expect(result.out.contains(text), "\(text) is missing in \(result.out)") }
    #expect(result.out.contains(/WRN-40-1 +569780 +30\.89 cifar100 +1000\n/), "\(result.out)")
    // The paper has no number for CIFAR-100 here.
    #expect(result.out.contains(/WRN-40-8 +\d+ +4\.66 cifar10 +1000\n/), "\(result.out)")
  }

  @Test func aFigureIsDrawn() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("study")
    let result = try Command.run([
      "reproduce", "figure3", "--data", "synthetic:1x8x8:4:64", "--epochs", "2", "--batch", "16",
      "--rows", "2", "--no-tune", "--output", output,
    ])
    #expect(result.status == 0, "\(result.error)")
    let svg = try String(contentsOfFile: output + "/figure3.svg", encoding: .utf8)
    #expect(svg.contains("WRN-16-4, test error") && svg.contains("<polyline"))
    let page = try String(contentsOfFile: output + "/report.html", encoding: .utf8)
    #expect(page.contains("<polyline") && page.contains("WRN-16-4"))
  }

  @Test func architecture() throws {
    let result = try Command.run("reproduce", "table1", "--data", "cifar10")
    #expect(result.status == 0 && result.out.contains("640x8x8"))
  }

  @Test func wrongUsage() throws {
    for arguments in [
      ["table10"], ["figure4"], ["table4", "--rows", "wrn-99"], ["table4", "--runs", "0"],
      ["table4", "--epochs", "0"], ["table4", "--data", "letters"],
      ["table1", "--data", "folder:32"],
    ] { try expectFailure(64, ["reproduce"] + arguments) }
  }
}
