import ArgumentParser
import Datasets
import Foundation
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures a checkpoint on a data set's test images.",
    discussion: """
      Of a run's folder the best checkpoint is measured, on the run's own data set by default. \
      Labels go by the classes' names: a data set of other classes is refused.

      Examples:
        widecl evaluate runs/first
        widecl evaluate runs/first/checkpoint-last.safetensors --data cifar10
      """)

  @Argument(help: ArgumentHelp(ChosenCheckpoint.help, valueName: "run-or-checkpoint"))
  var checkpoint: String
  @OptionGroup(title: "Data") var dataOptions: CheckpointDataOptions
  @Option(parsing: .unconditional, help: "Images in a batch.") var batch = 128
  @Option(parsing: .unconditional, help: "Use only the first N test images.") var limit: Int?
  @OptionGroup(title: "Images") var orientationOptions: OrientationOptions
  @OptionGroup(title: "Tuning") var tuningOptions: TuningOptions
  @OptionGroup(title: "Checks") var checkOptions: CheckOptions
  @OptionGroup(title: "Device") var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  struct Result: Encodable {
    var images: Int
    var loss: Double
    /// Per cent.
    var error: Double
    /// Per cent: from where to where the error lies with 95 % confidence.
    var errorInterval: [Double]
    var classErrors: [ClassError]
  }

  struct ClassError: Encodable {
    var name: String
    var images: Int
    /// Per cent; nil for a class without images.
    var error: Double?
  }

  func validate() throws {
    guard (1...100_000).contains(batch) else {
      throw ValidationError("--batch must be 1 to 100000")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    let chosen = try ChosenCheckpoint(checkpoint, orientation: orientationOptions.orientation)
    let data = try chosen.dataset(dataOptions, limit: limit)
    let context = try deviceOptions.makeContext()
    var results: TestResults? = TestResults(
      data.test, classNames: chosen.checkpoint.header.printableClassNames)
    let metrics = try chosen.checkpoint.evaluate(
      on: data, file: chosen.path, batch: batch, context: context,
      chooser: tuningOptions.chooser(for: context), checks: checkOptions.checks(),
      results: &results)
    let result = Result(metrics, classErrors: results.map(classErrors) ?? [])
    if json { return try printJSON(result) }
    print("images    \(result.images)")
    print("loss      \(String(format: "%.4f", result.loss))")
    print("error     \(String(format: "%.2f", result.error)) %")
    print("accuracy  \(String(format: "%.2f", 100 - result.error)) %")
    TestConfidence(error: result.error, images: result.images).lines.forEach { print($0) }
    printErrors(of: result.classErrors)
  }

  /// Classes whose errors are printed.
  private static let shownClasses = 20

  private func classErrors(_ results: TestResults) -> [ClassError] {
    zip(results.classNames, results.classScores).map { name, scores in
      let wrong = Double(scores.images - scores.right)
      return ClassError(
        name: name, images: scores.images,
        error: scores.images > 0 ? 100 * wrong / Double(scores.images) : nil)
    }
  }

  /// Each class's error or, of many classes, the largest ones.
  private func printErrors(of classes: [ClassError]) {
    let present = classes.filter { $0.error != nil }
    let isWhole = present.count <= Self.shownClasses
    let shown =
      isWhole
      ? present
      : Array(present.sorted { ($0.error ?? 0) > ($1.error ?? 0) }.prefix(Self.shownClasses))
    print(isWhole ? "error of each class:" : "the \(shown.count) classes of the largest errors:")
    let width = shown.map(\.name.count).max() ?? 0
    for row in shown {
      print(
        "  " + row.name.padded(to: width)
          + String(format: "  %6.2f %% of %d images", row.error ?? 0, row.images))
    }
  }
}

extension EvaluateCommand.Result {
  init(_ metrics: Metrics, classErrors: [EvaluateCommand.ClassError]) {
    self.init(
      images: metrics.images, loss: metrics.loss, error: metrics.error,
      errorInterval: TestConfidence(error: metrics.error, images: metrics.images).interval,
      classErrors: classErrors)
  }
}
