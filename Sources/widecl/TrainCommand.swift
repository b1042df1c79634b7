import ArgumentParser
import Autotuner
import Datasets
import DeviceRuntime
import Files
import Foundation
import Graph
import Models
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a model.",
    discussion: """
      Writes config.json, tuning.json, log.jsonl, report.html, and checkpoint-last and \
      checkpoint-best.safetensors into the output folder. Ctrl-C saves the state first; --resume continues, to the same bits.
      """)

  @Option(help: "The model: \(ModelName.forms).") var model: String?
  @OptionGroup var modelOptions: ModelOptions
  @Option(
    help: ArgumentHelp(
      "The data set; see 'widecl data list'. Or the path of a folder with a folder of images for "
        + "each class.",
      discussion: """
        Of such a folder images become \(DatasetName.usualFolderSize) pixels wide and high; \
        folder:SIZE with --data-path is for others. Where it has no train and val, a fifth of each \
        class is kept for testing.
        """,
      valueName: "name-or-folder"))
  var data: String?
  @Option(help: "The folder it lies in; searched for by default.") var dataPath: String?
  @Option(
    help: ArgumentHelp(
      "The recipe: \(Recipe.names.joined(separator: ", ")), or a JSON file that --show printed.",
      valueName: "name-or-file"))
  var recipe = "cifar"
  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Change a field of the recipe, such as augmentation.flip=false; may be repeated.",
      valueName: "name=value"))
  var settings: [String] = []
  @Flag(help: "Print the recipe as JSON and stop.") var show = false
  @Option(parsing: .unconditional, help: "Epochs, instead of the recipe's.") var epochs: Int?
  @Option(parsing: .unconditional, help: "Images a step, instead of the recipe's.") var batch: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "At most so many images go through the network at once; by default as many as fit.",
      discussion: """
        A larger batch goes in parts whose gradients add up to the batch's; the statistics of \
        batch normalisation are then each part's, not the batch's.
        """,
      valueName: "images"))
  var microBatch: Int?
  @Option(parsing: .unconditional, help: "The base learning rate, instead of the recipe's.") var lr:
    Double?
  @Option(help: "How bytes become the network's input, instead of the recipe's.")
  var preprocess: Recipe.InputNormalization?
  @Option(parsing: .unconditional, help: "The seed of everything random.") var seed: UInt64 = 1
  @Option(help: "The folder for log and checkpoints.") var output: String?
  @Flag(help: "Continue from the output folder's last checkpoint.") var resume = false
  @Option(parsing: .unconditional, help: "Use only the first N training and test images.")
  var limit: Int?
  @Option(
    parsing: .unconditional,
    help: "Train this many times with successive seeds; report the median test error.")
  var runs = 1
  @OptionGroup var orientationOptions: OrientationOptions
  @OptionGroup var tuningOptions: TuningOptions
  @OptionGroup var checkOptions: CheckOptions
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Check all operations again every N epochs: for devices without error-correcting memory.",
      valueName: "n"))
  var checkEvery: Int?
  @OptionGroup var deviceOptions: DeviceOptions

  func validate() throws {
    guard runs >= 1 && runs <= 1000 else { throw ValidationError("--runs must be 1 to 1000") }
    if let checkEvery, checkEvery < 1 || checkOptions.noCheck {
      throw ValidationError("--check-every must be at least 1, and does not go with --no-check")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    if let microBatch, microBatch < 1 {
      throw ValidationError("--micro-batch must be at least 1")
    }
    if !show && (model == nil || data == nil) {
      throw ValidationError("give --model and --data, or --show")
    }
  }

  func run() throws {
    let recipe = try chosenRecipe()
    if show { return print(String(decoding: recipe.json, as: UTF8.self), terminator: "") }
    guard let model, let data else { return }
    let network = try modelOptions.model(named: model)
    let dataset = try loadDataset(data, path: dataPath)
    let folder = output ?? "runs/\(network.name)-\(dataset.name)-seed\(seed)"
    Interrupt.install(answer: "stopping after this step; again to stop now, unsaved")
    let context = try deviceOptions.makeContext()
    tell("\(network.name) on \(dataset.name), device \(context.info.name)")
    // Locked before anything is tuned: a folder that cannot be used is no reason to tune first, and
    // a second process must not replace the first one's tuning.json.
    let whole = try RunFolder(folder, resume: resume)
    defer { withExtendedLifetime(whole) {} }
    let parts = runs == 1 ? [] : (1...runs).map { "\(folder)/run-\($0)" }
    let continues = try parts.reduce(whole.hasCheckpoint) {
      try RunFolder($1, resume: resume).hasCheckpoint || $0
    }
    // Other configurations sum in another order: a run continues with those it began with.
    let record = folder + "/tuning.json"
    let chooser: TunedChooser
    if resume && FileManager.default.fileExists(atPath: record) {
      chooser = TunedChooser(
        [try readTuningFile(record)], algorithms: tuningOptions.algorithms,
        distrust: userDistrust())
    } else {
      let results = try
        (continues
        ? tuningOptions.chooser(for: context) : tunedChooser(network, dataset, recipe, context))
        .merged
      try AtomicFile.write([results.json], to: record)
      chooser = TunedChooser(
        [results], algorithms: tuningOptions.algorithms, distrust: userDistrust())
    }
    let checks = checkOptions.checks()
    var errors: [Double] = []
    for number in 0..<runs {
      let run = try TrainingRun(
        TrainingRun.Options(
          model: network, data: dataset, recipe: recipe, seed: seed &+ UInt64(number),
          limit: limit, orientation: orientationOptions.orientation, microBatch: microBatch,
          folder: runs == 1 ? whole : try RunFolder(parts[number], resume: resume),
          resume: resume, whitenings: whitenings()),
        context: context, chooser: chooser, checks: checks)
      try checks.amend(
        record, of: chooser, isBegun: run.trainer.totalSteps > 0, on: context.info)
      run.repeatedChecks = checkEvery.map { ({ widecl.checks(isFresh: true) }, $0) }
      if run.trainer.isSplit {
        tell(
          "each batch of \(recipe.batchSize) goes in parts of at most \(run.trainer.microBatch) "
            + "images; batch normalisation has the statistics of each part, not of the batch")
      }
      if run.trainer.totalSteps > 0 {
        tell(
          run.trainer.isFinished
            ? "all \(recipe.epochs) epochs are done"
            : "continuing at epoch \(run.trainer.epoch + 1), step \(run.trainer.step)")
      }
      var progress: ProgressLine? = ProgressLine(
        epochs: recipe.epochs, stepsPerEpoch: run.trainer.stepsPerEpoch,
        imagesPerStep: recipe.batchSize)
      let outcome = try run.run(progress: &progress, stop: { Interrupt.isRequested })
      switch outcome {
      case .interrupted:
        progress?.message(
          "interrupted in epoch \(run.trainer.epoch + 1), step \(run.trainer.step); "
            + "state saved in \(run.folder.lastCheckpoint); continue with --resume")
        throw ExitCode(Interrupt.exitStatus)
      case .finished(let last):
        errors.append(last.testError ?? .nan)
        print("test error \(percent(last.testError))  test accuracy \(accuracy(last.testError))")
        print("log         \(run.folder.log)")
        print("checkpoint  \(run.folder.lastCheckpoint)")
        print("best        \(run.folder.bestCheckpoint)")
        print("report      \(run.folder.report)")
      }
    }
    if runs > 1 {
      let page = folder + "/report.html"
      try RunsReport(
        folders: parts, seeds: parts.indices.map { seed &+ UInt64($0) }
      ).write(to: page)
      print(
        "median test error of \(runs) runs: \(percent(errors.median)), from "
          + "\(percent(errors.min())) to \(percent(errors.max()))")
      print("report of all runs  \(page)")
    }
  }

  private func tunedChooser(
    _ model: Model, _ data: Dataset, _ recipe: Recipe, _ context: Context
  ) throws -> TunedChooser {
    let image = ImageShape(of: data.train)
    let network = model.network(image: image, classes: data.classes)
    let used = limit.map { data.prefix($0) } ?? data
    // What does not fit is refused before the tuning, and what does is tuned as it will run.
    let memory = try TrainingMemory.fitting(
      TrainingMemory.Task(network: network, data: used, recipe: recipe), microBatch: microBatch,
      on: context, chooser: tuningOptions.chooser(for: context))
    return try tuningOptions.chooser(
      for: context,
      tuning: ModelTuning(
        network: network, recipe: recipe, images: used.train.count,
        areFiles: used.train.files != nil, microBatch: memory.microBatch))
  }

  private func chosenRecipe() throws -> Recipe {
    var chosen = try readRecipe(recipe)
    for setting in settings { chosen = try chosen.setting(setting) }
    if let epochs { chosen.epochs = epochs }
    if let batch { chosen.batchSize = batch }
    if let lr { chosen.learningRate = lr }
    if let preprocess { chosen.inputNormalization = preprocess }
    try chosen.validate()
    return chosen
  }

  private func percent(_ value: Double?) -> String {
    value.map { String(format: "%.2f %%", $0) } ?? "-"
  }

  private func accuracy(_ error: Double?) -> String { percent(error.map { 100 - $0 }) }
}
