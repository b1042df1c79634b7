import Datasets
import Files
import Graph

/// What TensorBoard shows of a run, over its steps; tags are "step/...", "epoch/...", "weights/...",
/// "test_images/..." and "configuration".
final class RunEvents {
  private let file: EventFile
  /// The end of the last steps that were added; nil where something else came after them.
  private var lastTime: UInt64?

  /// Begins a file in a run's folder, which has its config.json, after so many steps.
  ///
  /// `awaitsEvaluation` says that the epoch's own numbers are still to come. Throws with status 73.
  init(
    folder: String, stepsDone: Int, awaitsEvaluation: Bool, test: LabeledImages,
    classNames: [String], files: any FileOperations
  ) throws {
    let isFirst = stepsDone == 0 || EventFile.numbers(in: folder).isEmpty
    // What is there of the steps that are done stays. An epoch that is tested again writes its last
    // step's number a second time, which the step's own values go for.
    let next = stepsDone == 0 ? 0 : awaitsEvaluation ? stepsDone : stepsDone + 1
    file = try EventFile(folder: folder, step: next, files: files)
    guard isFirst else { return }
    let table = RunEvents.table(of: try Report(folder: folder))
    let images = RunEvents.images(of: test, classNames: classNames)
    try file.append([(next, .values([("configuration", .text(table))] + images))])
  }

  /// Says that something else than training comes, which must not count as its time.
  func pause() { lastTime = nil }

  /// Adds steps whose last ended at a time from any fixed moment.
  func add(_ steps: [TrainedStep], nanoseconds: UInt64) throws(TrainingError) {
    var events: [(step: Int, content: Event.Content)] = steps.map { step in
      (
        step.number,
        .values([
          ("step/loss", .scalar(step.loss)), ("step/learning_rate", .scalar(step.learningRate)),
        ])
      )
    }
    if let lastTime, nanoseconds > lastTime, let last = steps.last {
      let images = steps.reduce(0) { $0 + $1.images }
      let rate = Double(images) / (Double(nanoseconds - lastTime) * 1e-9)
      events.append((last.number, .values([("step/images_per_second", .scalar(Float(rate)))])))
    }
    lastTime = nanoseconds
    try file.append(events)
  }

  /// Adds an epoch that ended with `step`, and how its parameters are distributed.
  func add(
    _ record: EpochRecord, step: Int, parameters: [(parameter: Parameter, values: [Float])]
  ) throws(TrainingError) {
    let scalars: [(String, Double?)] = [
      ("epoch/train_loss", record.trainLoss), ("epoch/train_error", record.trainError),
      ("epoch/test_loss", record.testLoss), ("epoch/test_error", record.testError),
      ("epoch/learning_rate", Double(record.lr)),
      ("epoch/images_per_second", record.imagesPerSecond),
    ]
    let values: [(tag: String, value: Event.Value)] =
      scalars.compactMap { tag, value in value.map { (tag, .scalar(Float($0))) } }
      + parameters.compactMap { parameter, values in
        Histogram(values).map { ("weights/\(parameter.name)", .histogram($0)) }
      }
    try file.append([(step, .values(values))])
  }

  /// Waits until everything is on the disk; throws with status 73.
  func synchronize() throws(TrainingError) { try file.synchronize() }

  /// The run's options in Markdown.
  private static func table(of report: Report) -> String {
    let options =
      report.facts.map { ($0.name, $0.value) } + report.configuration.map { ($0.key, $0.value) }
    let rows = options.map { "| \($0) | \($1.replacing("|", with: "\\|")) |" }
    return (["| Option | Value |", "|---|---|"] + rows).joined(separator: "\n")
  }

  /// The first test images of each class, as the report has them.
  private static func images(
    of test: LabeledImages, classNames: [String]
  ) -> [(tag: String, value: Event.Value)] {
    let results = TestResults(test, classNames: classNames)
    return results.samples.compactMap { index in
      let png = results.png(index)
      if png.isEmpty { return nil }
      let name = classNames[Int(test.labels[index])].harmless(limit: 100)
      return (
        "test_images/\(name)/\(index)",
        .image(
          png: png, height: test.height, width: test.width, channels: test.channels == 3 ? 3 : 1)
      )
    }
  }
}
