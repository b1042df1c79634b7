import ArgumentParser
import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models
import Training

/// What is verified of a model's training run, or of a checkpoint.
struct VerifiedRunOptions: ParsableArguments {
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @Option(help: "Of a model or a checkpoint: the data set; see 'widecl data list'.")
  var data: String?
  @Option(help: "The folder it lies in; searched for by default.") var dataPath: String?
  @Option(help: "Of a model: the recipe, as 'widecl train' takes it.") var recipe: String?
  @Option(parsing: .unconditional, help: "Images in a batch, instead of the recipe's or 128.")
  var batch: Int?
  @Flag(help: "Of a model: compare every element of large outputs, not a sample: hours.")
  var full = false
  @Option(parsing: .unconditional, help: "Of a checkpoint: use the first N test images.")
  var images: Int?
  @Option(
    help: ArgumentHelp(
      "Of a checkpoint: which of its classes each class is, as 'widecl evaluate' takes it.",
      valueName: "file"))
  var classMap: String?

  func validate(subject: String?) throws {
    guard let subject else {
      guard data == nil, dataPath == nil, recipe == nil, batch == nil, !full, images == nil,
        classMap == nil
      else {
        throw ValidationError(
          "--data, --data-path, --recipe, --batch, --full, --images and --class-map go with a "
            + "model or a checkpoint")
      }
      return
    }
    guard data != nil else { throw ValidationError("give the --data of '\(subject)'") }
    if let batch, !(1...100_000).contains(batch) {
      throw ValidationError("--batch must be 1 to 100000")
    }
    if let images, images < 1 { throw ValidationError("--images must be at least 1") }
    let isCheckpoint = isFile(subject)
    if isCheckpoint && (full || recipe != nil) {
      throw ValidationError("--full and --recipe go with a model, not with a checkpoint")
    }
    for (option, isGiven) in [("--images", images != nil), ("--class-map", classMap != nil)]
    where !isCheckpoint && isGiven {
      throw ValidationError("\(option) goes with a checkpoint; there is no file '\(subject)'")
    }
  }

  /// Verifies the run of a model or the answers of a checkpoint; exit status 70 where one is wrong.
  func verify(
    _ subject: String, tuningOptions: TuningOptions, deviceOptions: DeviceOptions, json: Bool
  ) throws {
    let dataset = try loadDataset(data ?? "", path: dataPath)
    Interrupt.install()
    let passed =
      try isFile(subject)
      ? verify(
        checkpoint: subject, dataset, tuningOptions, deviceOptions, json: json)
      : verify(model: subject, dataset, tuningOptions, deviceOptions, json: json)
    if !passed { throw ExitCode(70) }
  }

  private func isFile(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func verify(
    model name: String, _ data: Dataset, _ tuningOptions: TuningOptions,
    _ deviceOptions: DeviceOptions, json: Bool
  ) throws -> Bool {
    var recipe = try readRecipe(recipe ?? "cifar")
    if let batch { recipe.batchSize = batch }
    try recipe.validate()
    let model = try modelOptions.model(named: name)
    let context = try deviceOptions.makeContext()
    let result = try RunVerification.run(
      network: model.network(image: ImageShape(of: data.train), classes: data.classes), data: data,
      recipe: recipe, context: context, chooser: tuningOptions.chooser(for: context),
      checks: checks(isWhole: full, isFresh: true))
    if json {
      try printJSON(result)
      return result.passed
    }
    for check in result.checks {
      print(
        (check.failure == nil ? "right  " : "wrong  ")
          + "\(check.operation) [\(check.problem)] \(check.configuration)"
          + (check.failure.map { ": \($0)" } ?? ""))
    }
    let wrong = result.checks.count { $0.failure != nil }
    print("\(result.checks.count) operations on \(context.info.name), \(wrong) wrong")
    print(
      "a step with a buffer for every tensor: "
        + (result.sameBits.map { $0 ? "the same bits" : "other bits" } ?? "no room for it"))
    return result.passed
  }

  private func verify(
    checkpoint path: String, _ data: Dataset, _ tuningOptions: TuningOptions,
    _ deviceOptions: DeviceOptions, json: Bool
  ) throws -> Bool {
    let checkpoint = try Checkpoint(contentsOf: path)
    let data = try checkpoint.header.fitted(
      data, by: classMap.map { try ClassMap(contentsOf: $0) }, file: path, note: tell)
    let context = try deviceOptions.makeContext()
    guard
      let result = try checkpoint.evaluateOnHost(
        data: data, count: images ?? data.test.count, file: path, batch: batch ?? 128,
        context: context, chooser: tuningOptions.chooser(for: context), checks: checks(),
        stop: { Interrupt.isRequested })
    else { throw ExitCode(Interrupt.exitStatus) }
    if json {
      try printJSON(result)
      return result.passed
    }
    func line(_ what: String, _ format: String, _ device: Double, _ host: Double) {
      print(what.padded(to: 10) + String(format: format, device, host))
    }
    print("\(result.images) test images on \(context.info.name) and again on the host")
    line("error", "%.2f %%, host %.2f %%", result.error, result.hostError)
    line("loss", "%.6f, host %.6f", result.loss, result.hostLoss)
    print("answers   \(result.images - result.differentAnswers) of \(result.images) the same")
    line(
      "logits", "largest difference %.2g, may be %.2g", result.largestLogitDifference,
      result.logitBound)
    if let layer = result.firstWrongLayer {
      print(
        "the first layer that is wrong: \(layer.name), by \(layer.largestDifference), may be "
          + "\(layer.bound)")
    }
    print(result.passed ? "passed" : "failed")
    return result.passed
  }
}
