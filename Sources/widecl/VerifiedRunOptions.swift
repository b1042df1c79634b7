import ArgumentParser
import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models
import Training

/// What is verified of a model's training run, of a run that was made, or of a checkpoint.
struct VerifiedRunOptions: ParsableArguments {
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @OptionGroup(title: "Data") var dataOptions: CheckpointDataOptions
  @Option(help: "Of a model: the recipe, as 'widecl train' takes it.") var recipe: String?
  @Option(parsing: .unconditional, help: "Images in a batch, instead of the recipe's or 128.")
  var batch: Int?
  @Flag(help: "Of a model or a run: compare every element of large outputs, not a sample: hours.")
  var full = false
  @Option(
    parsing: .unconditional,
    help: "Of a run or a checkpoint: use the first N test images. Default: 100.")
  var images: Int?

  /// The images that take the host a minute or so with a small network.
  private static let usualImages = 100

  func validate(subject: String?) throws {
    guard let subject else {
      guard dataOptions.areDefault, recipe == nil, batch == nil, !full, images == nil else {
        throw ValidationError(
          "--data, --data-path, --class-map, --recipe, --batch, --full and --images go with a "
            + "model, a run or a checkpoint")
      }
      return
    }
    if let batch, !(1...100_000).contains(batch) {
      throw ValidationError("--batch must be 1 to 100000")
    }
    if let images, images < 1 { throw ValidationError("--images must be at least 1") }
    guard Self.isTrained(subject) else {
      if (try? ModelName(parsing: subject)) == nil {
        throw ValidationError("'\(subject)' is no model, and no path of a run or a checkpoint")
      }
      if dataOptions.data == nil { throw ValidationError("give the --data of '\(subject)'") }
      for (option, isGiven) in [
        ("--images", images != nil), ("--class-map", dataOptions.classMap != nil),
      ] where isGiven {
        throw ValidationError(
          "\(option) goes with a run or a checkpoint; there is no file '\(subject)'")
      }
      return
    }
    if recipe != nil { throw ValidationError("--recipe goes with a model") }
    if full && !FilePath(subject).isFolder {
      throw ValidationError("--full goes with a model or a run, not with a checkpoint")
    }
  }

  /// Verifies the run of a model, a run or the answers of a checkpoint; exit status 70 where
  /// something is wrong.
  func verify(
    _ subject: String, tuningOptions: TuningOptions, deviceOptions: DeviceOptions, json: Bool
  ) throws {
    let passed =
      try Self.isTrained(subject)
      ? verify(trained: subject, tuningOptions, deviceOptions, json: json)
      : verify(model: subject, tuningOptions, deviceOptions, json: json)
    if !passed { throw ExitCode(70) }
  }

  /// Whether it is the path of a file or a folder, as no model's name is with a slash in it.
  private static func isTrained(_ subject: String) -> Bool {
    subject.contains("/") || FileManager.default.fileExists(atPath: subject)
  }

  private func verify(
    model name: String, _ tuningOptions: TuningOptions, _ deviceOptions: DeviceOptions, json: Bool
  ) throws -> Bool {
    let data = try loadDataset(dataOptions.data ?? "", path: dataOptions.dataPath)
    let model = try modelOptions.model(named: name)
    var recipe = try readRecipe(recipe ?? "cifar")
    if let batch { recipe.batchSize = batch }
    Interrupt.install()
    let context = try deviceOptions.makeContext()
    let launches = try launches(
      of: model.network(image: ImageShape(of: data.train), classes: data.classes), on: data, recipe,
      context, tuningOptions)
    if json { try printJSON(launches) } else { show(launches, on: context) }
    return launches.passed
  }

  private struct Result: Encodable {
    var launches: RunVerification
    var answers: HostEvaluation
  }

  /// What a run launches, and in any case the answers of its checkpoint.
  private func verify(
    trained subject: String, _ tuningOptions: TuningOptions, _ deviceOptions: DeviceOptions,
    json: Bool
  ) throws -> Bool {
    let chosen = try ChosenCheckpoint(subject)
    let header = chosen.checkpoint.header
    let data = try chosen.dataset(dataOptions, limit: nil)
    Interrupt.install()
    let context = try deviceOptions.makeContext()
    var launches: RunVerification?
    if chosen.isRun {
      var recipe = header.recipe
      if let batch { recipe.batchSize = batch }
      launches = try self.launches(
        of: header.network, on: header.whitening.map { try data.whitened(by: $0) } ?? data, recipe,
        context, tuningOptions)
    }
    if !json, let launches { show(launches, on: context) }
    let answers = try answers(of: chosen, to: data, context, tuningOptions)
    if !json {
      show(answers, on: context)
    } else if let launches {
      try printJSON(Result(launches: launches, answers: answers))
    } else {
      try printJSON(answers)
    }
    return answers.passed && launches?.passed != false
  }

  private func launches(
    of network: Network, on data: Dataset, _ recipe: Recipe, _ context: Context,
    _ tuningOptions: TuningOptions
  ) throws -> RunVerification {
    try recipe.validate()
    return try RunVerification.run(
      network: network, data: data, recipe: recipe, context: context,
      chooser: tuningOptions.chooser(for: context), checks: checks(isWhole: full, isFresh: true))
  }

  private func show(_ launches: RunVerification, on context: Context) {
    for check in launches.checks {
      print(
        (check.failure == nil ? "right  " : "wrong  ")
          + "\(check.operation) [\(check.problem)] \(check.configuration)"
          + (check.failure.map { ": \($0)" } ?? ""))
    }
    let wrong = launches.checks.count { $0.failure != nil }
    print("\(launches.checks.count) operations on \(context.info.name), \(wrong) wrong")
    print(
      "a step with a buffer for every tensor: "
        + (launches.sameBits.map { $0 ? "the same bits" : "other bits" } ?? "no room for it"))
  }

  private func answers(
    of chosen: ChosenCheckpoint, to data: Dataset, _ context: Context,
    _ tuningOptions: TuningOptions
  ) throws -> HostEvaluation {
    let count = min(images ?? Self.usualImages, data.test.count)
    let progress = PreparationProgress()
    defer { progress.clear() }
    guard
      let answers = try chosen.checkpoint.evaluateOnHost(
        data: data, count: count, file: chosen.path, batch: batch ?? 128, context: context,
        chooser: tuningOptions.chooser(for: context), checks: checks(),
        stop: { Interrupt.isRequested },
        progress: { progress.show("answering on the host \($0)/\(count)") })
    else { throw ExitCode(Interrupt.exitStatus) }
    return answers
  }

  private func show(_ answers: HostEvaluation, on context: Context) {
    func line(_ what: String, _ format: String, _ device: Double, _ host: Double) {
      print(what.padded(to: 10) + String(format: format, device, host))
    }
    print("\(answers.images) test images on \(context.info.name) and again on the host")
    line("error", "%.2f %%, host %.2f %%", answers.error, answers.hostError)
    line("loss", "%.6f, host %.6f", answers.loss, answers.hostLoss)
    print("answers   \(answers.images - answers.differentAnswers) of \(answers.images) the same")
    line(
      "logits", "largest difference %.2g, may be %.2g", answers.largestLogitDifference,
      answers.logitBound)
    if let layer = answers.firstWrongLayer {
      print(
        "the first layer that is wrong: \(layer.name), by \(layer.largestDifference), may be "
          + "\(layer.bound)")
    }
    print(answers.passed ? "passed" : "failed")
  }
}
