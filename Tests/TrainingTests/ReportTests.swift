import Datasets
import Foundation
import Testing

@testable import Training

struct ReportTests {
  private func report(
    epochs: [EpochRecord], config: String = #"{"model": "wrn-10-1", "data": "mnist"}"#
  ) throws -> Report {
    let folder = try TemporaryFolder()
    try Data(config.utf8).write(to: URL(fileURLWithPath: folder.file("config.json")))
    let log = RunLog(path: folder.file("log.jsonl"))
    for record in epochs { try log.append(record) }
    return try Report(folder: folder.path)
  }

  private func record(_ epoch: Int, loss: Double?, error: Double? = 10) -> EpochRecord {
    EpochRecord(
      epoch: epoch, lr: 0.1, trainLoss: loss, trainError: error, testLoss: loss, testError: error,
      trainTime: 1, testTime: 1, imagesPerSecond: 100, parameters: 10)
  }

  @Test func aRunWithoutEpochsSaysSo() throws {
    let html = try report(epochs: []).html
    #expect(html.contains("No epoch is finished yet"))
    #expect(!html.contains("<svg"))
  }

  @Test func oneEpochIsDots() throws {
    let html = try report(epochs: [record(1, loss: 2)]).html
    #expect(html.contains("<circle"))
    #expect(!html.contains("<polyline"))
  }

  @Test func aLossThatIsNoNumberLeavesAGap() throws {
    let epochs = [1.0, 0.9, .nan, 0.7, 0.6].enumerated().map { record($0 + 1, loss: $1) }
    let chart = Chart(
      title: "loss", xLabel: "epoch", left: .init("loss"),
      series: [.init("loss", epochs.map { (Double($0.epoch), $0.trainLoss) })])
    #expect(chart.figure.components(separatedBy: "<polyline").count == 3)
    let html = try report(epochs: epochs).html
    #expect(!html.contains("\"nan") && !html.contains("nan,") && !html.contains("inf"))
  }

  @Test func namesCannotBecomeMarkup() throws {
    let evil = "<script>alert('x')</script>&\\\""
    let config = "{\"model\": \"\(evil)\", \"data\": \"mnist\", \"<b>\": \"<img src=x>\"}"
    var page = try report(epochs: [record(1, loss: 1)], config: config)
    let split = LabeledImages(height: 2, width: 2, channels: 1, images: [0, 1, 2, 3], labels: [1])
    var results = TestResults(split, classNames: ["<i>a", "b&\"c"])
    results.append(logits: [3, 1])
    page.results = results
    let html = page.html
    for forbidden in ["<script", "<b>\"", "<img src=x", "<i>a", "b&\"c"] {
      #expect(!html.contains(forbidden), "\(forbidden)")
    }
    #expect(html.contains("&lt;i&gt;a") && html.contains("data:image/png;base64,"))
  }

  @Test func thePageRefersToNothingOutside() throws {
    let html = try report(epochs: [record(1, loss: 1), record(2, loss: 0.5)]).html
    for outside in ["http:", "https:", "src=\"/", "@import", "url("] {
      #expect(!html.contains(outside), "\(outside)")
    }
  }

  @Test func dropsOfTheScheduleAreMarked() throws {
    let config = """
      {"model": "wrn-10-1", "data": "mnist", "recipe": {"drop_at_start_of_epoch": false,
       "schedule": {"kind": "steps", "epochs": [2], "factor": 0.2}}}
      """
    let epochs = (1...4).map { record($0, loss: 1 / Double($0)) }
    let page = try report(epochs: epochs, config: config)
    #expect(page.drops == [3])
    #expect(page.html.components(separatedBy: "class=\"mark\"").count == 3)
  }

  @Test func theConfigurationAndTheTimeAreWrittenAsPeopleDo() throws {
    let config = """
      {"model": "wrn-10-1", "data": "mnist", "limit": 1, "recipe": {"nesterov": true,
       "flip": false, "momentum": 0.9, "schedule": {"epochs": [2, 3], "factor": 1.0}}}
      """
    var epochs = (1...3).map { record($0, loss: 1) }
    for index in epochs.indices { epochs[index].trainTime = 99 }
    let page = try report(epochs: epochs, config: config)
    let options = Dictionary(page.configuration.map { ($0.key, $0.value) }) { $1 }
    #expect(options["recipe.nesterov"] == "true" && options["recipe.flip"] == "false")
    #expect(options["limit"] == "1" && options["recipe.momentum"] == "0.9")
    #expect(options["recipe.schedule.epochs"] == "2, 3")
    #expect(page.html.contains("5.0\u{a0}minutes."))
    #expect(
      [59, 60, 3599, 7200, 1e6].map { Markup.duration($0).replacing("\u{a0}", with: " ") }
        == ["59.0 s", "1.0 minutes", "60.0 minutes", "2.0 hours", "11.6 days"])
  }

  @Test func theFirstScreenTellsWhatTheRunWas() throws {
    let config = """
      {"model": "wrn-10-1", "data": "mnist", "seed": 7, "device": "a device", "testImages": 148,
       "command": "widecl train --output 'a b'", "started": "2026-01-02T03:04:05Z",
       "recipe": {"epochs": 3, "batch_size": 16, "learningRate": 0.1, "nesterov": true,
       "momentum": 0.9, "weight_decay": 0.0005, "augmentation": {"flip": true, "pad": 4},
       "schedule": {"kind": "steps", "epochs": [2, 3], "factor": 0.2}}}
      """
    // 15 of 148: Newcombe (1998), Table I, has 0.0624 to 0.1605.
    let page = try report(epochs: [record(1, loss: 1, error: 1500 / 148)], config: config)
    let html = page.html
    let first = html[..<(try #require(html.range(of: "<figure")).lowerBound)]
    for text in [
      "95 % interval 6.24 to 16.05 %", "<dd>7</dd>", "<dd>a device</dd>",
      "<dd>2026-01-02T03:04:05Z</dd>", "<dd>widecl train --output &#39;a b&#39;</dd>",
      "3 epochs, batch 16, learning rate 0.1 x 0.2 at epochs 2, 3, Nesterov momentum 0.9, "
        + "weight decay 0.0005, flips, shifts of up to 4 pixels",
    ] { #expect(first.contains(text), "\(text)") }
    #expect(!page.configuration.contains { ["command", "started"].contains($0.key) })
  }

  @Test func aChartHasOneScale() throws {
    let page = try report(epochs: [record(1, loss: 1), record(2, loss: 0.5)])
    let charts = page.html.components(separatedBy: "<figure>").dropFirst()
    #expect(charts.count == 4)
    // A label of the right axis would stand there.
    for chart in charts { #expect(!chart.contains("x=\"416.0\"")) }
  }

  @Test func imagesOfEveryClassAreShown() throws {
    func samples(labels: [Int32], classes: Int, side: Int = 1) -> [Int] {
      let split = LabeledImages(
        height: side, width: side, channels: 1,
        images: [UInt8](repeating: 0, count: labels.count * side * side), labels: labels)
      return TestResults(split, classNames: (0..<classes).map { "\($0)" }).samples
    }
    // Sorted by class, as folders are: the first twelve would all be of class 0.
    let sorted = (0..<3).flatMap { [Int32](repeating: $0, count: 50) }
    #expect(
      samples(labels: sorted, classes: 3) == [0, 1, 2, 3, 50, 51, 52, 53, 100, 101, 102, 103])
    #expect(samples(labels: [2, 0, 2], classes: 4) == [1, 0, 2])
    let many = (0..<1000).map { Int32($0) }
    #expect(samples(labels: many, classes: 1000) == Array(stride(from: 0, to: 1000, by: 10)))
    #expect(samples(labels: many, classes: 1000, side: 224).count == 20)
    #expect(samples(labels: [], classes: 2) == [])
  }

  @Test func answersAreCounted() throws {
    let split = LabeledImages(
      height: 1, width: 1, channels: 1, images: [0, 0, 0], labels: [0, 1, 1])
    var results = TestResults(split, classNames: ["a", "b"])
    results.append(logits: [1, 0, 5, 0])
    results.append(logits: [0, 1])
    #expect(results.predicted == [0, 0, 1])
    #expect(results.confusion == [[1, 0], [1, 1]])
    #expect(abs(results.confidence[0] - 1 / (1 + exp(-1))) < 1e-6)
  }

  @Test(arguments: ["", "[]", "{}", #"{"model": 3, "data": "mnist"}"#])
  func anotherFileIsNoConfiguration(config: String) throws {
    #expect(throws: TrainingError.self) { try report(epochs: [], config: config) }
  }
}
