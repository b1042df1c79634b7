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
      Writes config.json, tuning.json, log.jsonl and log.csv, report.html, and checkpoint-last and \
      checkpoint-best.safetensors into the output folder. Ctrl-C saves the state first; --resume \
      continues, to the same bits, with the options that the run began with where none are given.

      Examples:
        widecl train --data photos
        widecl train --model wrn-16-4 --data cifar10 --output runs/first
        widecl train --resume runs/first
        widecl train --data photos --model resnet-18 --weights FILE --new-head
      """)

  @Argument(
    help: ArgumentHelp("The folder of a run, to continue it with --resume.", valueName: "run"))
  var begunFolder: String?
  @OptionGroup(title: "Model and data") var dataOptions: TrainedDataOptions
  @OptionGroup(title: "Run") var runOptions: RunOptions
  @OptionGroup(title: "Blocks of the model") var modelOptions: ModelOptions
  @OptionGroup(title: "Recipe") var recipeOptions: RecipeOptions
  @OptionGroup(title: "Start from other weights") var fineTuningOptions: FineTuningOptions
  @OptionGroup(title: "Images") var orientationOptions: OrientationOptions
  @OptionGroup(title: "Tuning") var tuningOptions: TuningOptions
  @OptionGroup(title: "Checks") var checkOptions: CheckOptions
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Check all operations again every N epochs: for devices without error-correcting memory.",
      valueName: "n"))
  var checkEvery: Int?
  @OptionGroup(title: "Device") var deviceOptions: DeviceOptions

  func validate() throws {
    if let checkEvery, checkEvery < 1 || checkOptions.noCheck {
      throw ValidationError("--check-every must be at least 1, and does not go with --no-check")
    }
    try fineTuningOptions.validate(resume: runOptions.resume)
    if begunFolder != nil && runOptions.output != nil {
      throw ValidationError("give a run's folder or --output, not both")
    }
  }

  /// The run's folder where it is given.
  private var folder: String? { begunFolder ?? runOptions.output }

  func run() throws {
    let resume = runOptions.resume
    if recipeOptions.show {
      return print(String(decoding: try shownRecipe().json, as: UTF8.self), terminator: "")
    }
    try checkWhatIsGiven()
    let begun = try begunRun()
    if let begunFolder, begun == nil { _ = try RunConfiguration(folder: begunFolder) }
    let model = try begun == nil ? dataOptions.modelName() : dataOptions.model
    guard let network = try model.map(modelOptions.model) ?? begun?.model(),
      let data = dataOptions.data ?? begun?.data
    else {
      throw ValidationError("'\(folder ?? "")' has no run to continue: give --model and --data")
    }
    // What is wrong with the options is said before the data are read.
    var recipe = try recipeOptions.chosen(over: begun?.recipe)
    let seed = runOptions.seed ?? begun?.seed ?? 1
    let limit = dataOptions.limit ?? begun?.limit
    let runs = runOptions.runs ?? begun?.configuration?.runs ?? 1
    let microBatch = runOptions.microBatch ?? begun?.microBatch
    let orientation = orientationOptions.orientation ?? begun?.orientation
    let recordedPath = begun?.data == data ? begun?.configuration?.usableDataPath : nil
    var dataset = try loadDataset(
      data, path: dataOptions.dataPath ?? recordedPath, heldOut: begun?.header?.heldOut)
    let images = dataset.isFolder ? min(dataset.train.count, limit ?? .max) : nil
    recipe = try recipeOptions.chosen(over: begun?.recipe, images: images)
    if let header = begun?.header {
      recipe = recipeOptions.continuing(
        header, by: recipe, data: limit.map { dataset.prefix($0) } ?? dataset)
    } else if begun == nil {
      try recipeOptions.explainEpochs(of: recipe, images: images)
    }
    let fineTuning = fineTuningOptions.chosen(over: begun?.fineTuning)
    if let fineTuning {
      dataset = try fitted(dataset, to: fineTuning, of: network, isBegun: begun?.header != nil)
    }
    let folder = folder ?? "runs/\(network.name)-\(dataset.name)-seed\(seed)"
    let context = try deviceOptions.makeContext()
    try checkFiles(of: limit.map { dataset.prefix($0) } ?? dataset, training: true)
    Interrupt.install(answer: Interrupt.answerOfTraining)
    tell("\(network.name) on \(dataset.name), device \(context.info.name)")
    // Locked before anything is tuned: a folder that cannot be used is no reason to tune first, and
    // a second process must not replace the first one's tuning.json.
    let whole = try RunFolder(folder, resume: resume)
    defer { withExtendedLifetime(whole) {} }
    let parts = runs == 1 ? [] : (1...runs).map { RunFolder.part($0, of: folder) }
    let continues = try parts.reduce(whole.hasCheckpoint) {
      try RunFolder($1, resume: resume).hasCheckpoint || $0
    }
    let dataPath = try datasetFolder(data, path: dataOptions.dataPath ?? recordedPath)
    let origin = RunOrigin(command: typedCommand, started: Date())
    // What is stopped before its first step is begun again by its folder.
    if runs > 1 || !continues {
      try RunConfiguration(
        model: network, data: limit.map { dataset.prefix($0) } ?? dataset, dataPath: dataPath,
        limit: limit, microBatch: microBatch, seed: seed, device: context.info, recipe: recipe,
        fineTuning: fineTuning, orientation: orientation, runs: runs > 1 ? runs : nil,
        origin: origin
      ).write(to: whole.config)
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
        ? tuningOptions.chooser(for: context)
        : tunedChooser(
          network.network(image: ImageShape(of: dataset.train), classes: dataset.classes)
            .freezing(fineTuning?.freeze ?? []),
          limit.map { dataset.prefix($0) } ?? dataset, recipe, microBatch: microBatch, context))
        .merged
      try AtomicFile.write([results.json], to: record)
      chooser = TunedChooser(
        [results], algorithms: tuningOptions.algorithms, distrust: userDistrust())
    }
    let checks = checkOptions.checks()
    var errors: [Double] = []
    for number in 0..<runs {
      var options = TrainingRun.Options(
        model: network, data: dataset, dataPath: dataPath, recipe: recipe, fineTuning: fineTuning,
        seed: seed &+ UInt64(number), limit: limit, orientation: orientation,
        microBatch: microBatch,
        folder: runs == 1 ? whole : try RunFolder(parts[number], resume: resume),
        resume: resume, whitenings: whitenings())
      options.note = tell
      options.origin = origin
      options.tensorBoard = runOptions.tensorBoard
      let run = try begin(options, in: folder) {
        try TrainingRun($0, context: context, chooser: chooser, checks: checks)
      }
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
            + "state saved in \(run.folder.lastCheckpoint); continue with 'widecl train --resume "
            + "\(folder)'")
        throw ExitCode(Interrupt.exitStatus)
      case .finished(let last):
        errors.append(last.testError ?? .nan)
        print("test error \(percent(last.testError))  test accuracy \(accuracy(last.testError))")
        if let error = last.testError {
          let confidence = TestConfidence(
            error: error, images: min(limit ?? .max, dataset.test.count))
          if confidence.isLow { confidence.lines.forEach { print($0) } }
        }
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

  /// Not part of `validate`, which is asked before the parser complains of options that it does not
  /// know, and takes the value of such an option for a run's folder.
  private func checkWhatIsGiven() throws {
    if let begunFolder, !runOptions.resume {
      let isRun = FileManager.default.fileExists(atPath: RunFolder.config(in: begunFolder))
      let advice = isRun ? "" : "; to train on a folder of images, give it as --data"
      throw ValidationError("to continue the run in '\(begunFolder)', give --resume" + advice)
    }
    if !(runOptions.resume && folder != nil) { try dataOptions.checkForStart() }
  }

  /// The run to be continued; nil for a new one.
  private func begunRun() throws -> BegunRun? {
    try runOptions.resume ? folder.flatMap { try BegunRun(folder: $0) } : nil
  }

  /// The recipe that the run would have.
  private func shownRecipe() throws -> Recipe {
    let begun = try begunRun()
    guard begun == nil, try dataOptions.namesFolder(), let data = dataOptions.data else {
      return try recipeOptions.chosen(over: begun?.recipe)
    }
    let images = try loadDataset(data, path: dataOptions.dataPath).train.count
    return try recipeOptions.chosen(images: min(images, dataOptions.limit ?? .max))
  }

  /// Says how a run that is stopped before its first step goes on.
  private func begin(
    _ options: TrainingRun.Options, in folder: String,
    _ make: (TrainingRun.Options) throws -> TrainingRun
  ) throws -> TrainingRun {
    do { return try make(options) } catch is CheckError.Interrupted {
      tell(
        "interrupted before a step was made; continue with 'widecl train --resume \(folder)'")
      throw ExitCode(Interrupt.exitStatus)
    }
  }

  /// The data set with labels as the weights to start from mean them, which are read to that end
  /// unless the run is begun.
  private func fitted(
    _ data: Dataset, to fineTuning: FineTuning, of model: Model, isBegun: Bool
  ) throws -> Dataset {
    let network = model.network(image: ImageShape(of: data.train), classes: data.classes)
    try fineTuning.check(network, name: model.name)
    if isBegun { return data }
    let weights = try fineTuning.read(for: model)
    weights.notes.forEach { tell("\(fineTuning.weights): \($0)") }
    return try weights.fitted(data, note: tell)
  }

  private func tunedChooser(
    _ network: Network, _ data: Dataset, _ recipe: Recipe, microBatch: Int?, _ context: Context
  ) throws -> TunedChooser {
    // What does not fit is refused before the tuning, and what does is tuned as it will run.
    let memory = try TrainingMemory.fitting(
      TrainingMemory.Task(network: network, data: data, recipe: recipe), microBatch: microBatch,
      on: context, chooser: tuningOptions.chooser(for: context))
    return try tuningOptions.chooser(
      for: context,
      tuning: ModelTuning(
        network: network, recipe: recipe, images: data.train.count,
        areFiles: data.train.files != nil, microBatch: memory.microBatch))
  }

  private func percent(_ value: Double?) -> String {
    value.map { String(format: "%.2f %%", $0) } ?? "-"
  }

  private func accuracy(_ error: Double?) -> String { percent(error.map { 100 - $0 }) }
}
