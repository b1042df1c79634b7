import Autotuner
import Datasets
import DeviceRuntime
import Dispatch
import Files
import Foundation
import Graph
import Models

/// A whole run in a folder: training, testing, log, checkpoints, and continuation after a stop.
package final class TrainingRun {
  package struct Options {
    package var model: Model
    package var data: Dataset
    /// The folder that the data set lies in; nil for one that is made as it is needed.
    package var dataPath: String?
    package var recipe: Recipe
    /// What the run starts from instead of drawn numbers.
    package var fineTuning: FineTuning?
    package var seed: UInt64
    package var limit: Int?
    /// What is done about the orientation that a camera noted; nil for turning images upright, or
    /// for what the run that is continued began with.
    package var orientation: OrientationHandling?
    /// Images that go through the network at once, at most; nil for as many as fit, or as many as
    /// the run that is continued began with.
    package var microBatch: Int?
    package var folder: RunFolder
    /// Whether to continue from the folder's last checkpoint.
    package var resume: Bool
    /// Where a recipe that whitens finds what was computed before.
    package var whitenings: WhiteningStore
    /// How the run is begun; a run that is continued keeps its own.
    package var origin: RunOrigin?
    /// Whether the folder gets event files for TensorBoard.
    package var tensorBoard = false
    /// Is told, in a line each, what a user may not expect.
    package var note: (String) -> Void = { _ in }

    package init(
      model: Model, data: Dataset, dataPath: String? = nil, recipe: Recipe,
      fineTuning: FineTuning? = nil, seed: UInt64, limit: Int?,
      orientation: OrientationHandling? = nil, microBatch: Int? = nil, folder: RunFolder,
      resume: Bool, whitenings: WhiteningStore = WhiteningStore()
    ) {
      self.model = model
      self.data = data
      self.dataPath = dataPath
      self.recipe = recipe
      self.fineTuning = fineTuning
      self.seed = seed
      self.limit = limit
      self.orientation = orientation
      self.microBatch = microBatch
      self.folder = folder
      self.resume = resume
      self.whitenings = whitenings
    }
  }

  package enum Outcome: Sendable {
    case finished(last: EpochRecord)
    /// Stopped by request; the state is in the folder.
    case interrupted
  }

  package let trainer: Trainer
  package var folder: RunFolder { options.folder }
  /// Seconds between two checkpoints inside an epoch.
  package var checkpointInterval = 600.0
  /// Checks of every operation and the epochs between them; nil for none but those at the start.
  package var repeatedChecks: (checks: () -> Checks, epochs: Int)?
  private let options: Options
  private let files: any FileOperations
  private let log: RunLog
  private let filesDigest: String?
  private let orientation: OrientationHandling
  private let whitening: Whitening?
  private var bestError: Double?
  private var awaitsEvaluation = false
  private var trainSeconds = 0.0
  private var throughput = Throughput()
  private var events: RunEvents?

  /// Allocates everything and, to resume, restores the last state.
  package init(
    _ options: Options, context: Context, chooser: any ConfigurationChooser = DefaultChooser(),
    checks: Checks? = nil, files: any FileOperations = SystemFiles()
  ) throws {
    var options = options
    options.model.unitGamma = options.recipe.gammaInitialization == .one
    if let limit = options.limit { options.data = options.data.prefix(limit) }
    let path = options.folder.lastCheckpoint
    let isContinued = options.resume && FileManager.default.fileExists(atPath: path)
    if isContinued { options.origin = RunOrigin(recordedIn: options.folder.path) }
    self.files = files
    let folder = options.folder
    log = RunLog(path: folder.log, table: folder.table, files: files)
    filesDigest = options.filesDigest
    let checkpoint = try isContinued ? Checkpoint(contentsOf: path) : nil
    orientation =
      checkpoint.map { $0.header.orientation ?? .ignored } ?? options.orientation ?? .upright
    options.data = options.data.handling(orientation)
    if let checkpoint {
      try options.check(
        continuing: checkpoint.header, filesDigest: filesDigest, path: path,
        config: folder.config)
      options.data = try checkpoint.header.knownClasses(file: path)
        .matched(options.data, note: options.note)
    }
    self.options = options
    whitening = try options.whitening(continuing: checkpoint)
    trainer = try Trainer(
      network: options.network,
      data: whitening.map { try options.data.whitened(by: $0) } ?? options.data,
      recipe: options.recipe, seed: options.seed,
      context: context, chooser: chooser,
      microBatch: checkpoint?.header.microBatch ?? options.microBatch, checks: checks)
    if let checkpoint {
      try restore(checkpoint)
    } else {
      try options.fineTuning?.read(for: options.model).start(trainer.store)
      if FileManager.default.fileExists(atPath: folder.log) {
        // Of a run that was killed before its first checkpoint.
        try log.truncate(toEpoch: 0)
      }
    }
    try writeConfiguration(device: context.info)
    if options.tensorBoard {
      try trainer.recordSteps()
      events = try RunEvents(
        folder: folder.path, stepsDone: trainer.totalSteps, awaitsEvaluation: awaitsEvaluation,
        test: options.data.test, classNames: options.data.classNames, files: files)
    }
  }

  /// Trains to the end, or until `stop` says so; `progress` may be nil.
  package func run(
    progress: inout ProgressLine?, stop: () -> Bool = { false }
  ) throws -> Outcome {
    while true {
      if !awaitsEvaluation {
        if trainer.isFinished { break }
        guard try trainEpoch(progress: &progress, stop: stop) else {
          try save(to: [folder.lastCheckpoint])
          return .interrupted
        }
      }
      guard let record = try evaluate(stop: stop) else {
        try save(to: [folder.lastCheckpoint])
        return .interrupted
      }
      progress?.finishEpoch(record.summary(epochs: options.recipe.epochs))
      if let repeatedChecks, !trainer.isFinished,
        trainer.epoch.isMultiple(of: repeatedChecks.epochs)
      {
        try trainer.checkAgain(repeatedChecks.checks())
      }
      if stop() && !trainer.isFinished { return .interrupted }
    }
    guard let last = try log.records().last else {
      throw TrainingError(
        .badData, folder.log, why: "it has no record of the epochs that are done",
        advice: "train again into another --output")
    }
    return .finished(last: last)
  }

  /// Whether the epoch was trained to its end.
  private func trainEpoch(progress: inout ProgressLine?, stop: () -> Bool) throws -> Bool {
    progress?.start(epoch: trainer.epoch, step: trainer.step)
    let before = trainSeconds
    let begin = DispatchTime.now().uptimeNanoseconds
    var lastSave = 0.0
    throughput = Throughput()
    events?.pause()
    let metrics = try trainer.trainEpoch(
      report: { state in
        progress?.update(step: state.step, loss: state.metrics.loss, error: state.metrics.error)
        let now = DispatchTime.now().uptimeNanoseconds
        throughput.add(images: state.metrics.images, nanoseconds: now)
        try events?.add(state.steps, nanoseconds: now)
        let elapsed = Double(now - begin) * 1e-9
        trainSeconds = before + elapsed
        if elapsed - lastSave > checkpointInterval && state.step < trainer.stepsPerEpoch {
          try save(to: [folder.lastCheckpoint])
          lastSave = elapsed
        }
      }, stop: stop)
    trainSeconds = before + Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
    guard metrics != nil else { return false }
    awaitsEvaluation = true
    return true
  }

  /// Tests, logs and saves after an epoch; nil when `stop` says so before the test is done.
  private func evaluate(stop: () -> Bool) throws -> EpochRecord? {
    let begin = DispatchTime.now().uptimeNanoseconds
    var results: TestResults? = TestResults(options.data.test, classNames: options.data.classNames)
    guard let test = try trainer.evaluate(results: &results, stop: stop) else { return nil }
    guard test.loss.isFinite else {
      throw TrainingError.diverged("the test loss is not finite after epoch \(trainer.epoch)")
    }
    let train = Metrics(deviceValues: try trainer.position().metrics)
    let record = EpochRecord(
      epoch: trainer.epoch,
      lr: Float(
        options.recipe.learningRate(
          epoch: trainer.epoch - 1, step: trainer.stepsPerEpoch - 1,
          stepsPerEpoch: trainer.stepsPerEpoch)),
      trainLoss: train.loss, trainError: train.error, testLoss: test.loss, testError: test.error,
      trainTime: trainSeconds,
      testTime: Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9,
      imagesPerSecond: throughput.imagesPerSecond(
        endsWithSmallerBatch: !train.images.isMultiple(of: options.recipe.batchSize))
        ?? Double(train.images) / max(trainSeconds, 1e-9),
      parameters: trainer.network.parameterCount,
      microBatch: trainer.isSplit ? trainer.microBatch : nil)
    awaitsEvaluation = false
    trainSeconds = 0
    let isBest = bestError.map { test.error < $0 } ?? true
    if isBest { bestError = test.error }
    // The last checkpoint comes last: a resumed run makes again what a kill or a loss of power left
    // out before it, and nothing that was left out after it. Each file is on the disk before the
    // next one is begun, so a checkpoint never knows of an epoch that the log does not.
    try log.append(record)
    var report = try Report(folder: folder.path)
    report.results = results
    try report.write(to: folder.report, files: files)
    try events?.add(record, step: trainer.totalSteps, parameters: trainer.store.read(.parameter))
    try save(to: (isBest ? [folder.bestCheckpoint] : []) + [folder.lastCheckpoint])
    return record
  }

  private func header() throws -> Checkpoint.Header {
    let images = ImageDescription(of: options.data, recipe: options.recipe)
    let position = try trainer.position()
    return Checkpoint.Header(
      model: options.model, classes: images.classes, image: images.image, data: images.data,
      filesDigest: filesDigest, heldOut: options.data.heldOut, orientation: orientation,
      classNames: images.classNames, limit: options.limit,
      mean: images.mean, standardDeviation: images.standardDeviation, whitening: whitening,
      recipe: options.recipe, fineTuning: options.fineTuning, seed: options.seed,
      microBatch: trainer.microBatch, position: position, awaitsEvaluation: awaitsEvaluation,
      trainSeconds: awaitsEvaluation || position.step > 0 ? trainSeconds : nil,
      bestError: bestError)
  }

  private func save(to paths: [String]) throws {
    let checkpoint = try Checkpoint(header: try header(), store: trainer.store)
    // A step whose loss is finite may have moved the parameters out of range.
    guard checkpoint.isFinite else {
      throw TrainingError.diverged(
        "a parameter is not finite in epoch \(trainer.epoch + 1), step \(trainer.step)")
    }
    // No checkpoint may be further than the events: what is lost of them is not made again.
    try events?.synchronize()
    for path in paths { try checkpoint.write(to: path, files: files) }
  }

  private func restore(_ checkpoint: Checkpoint) throws {
    let header = checkpoint.header
    try checkpoint.restore(
      into: trainer.store, velocities: true, file: folder.lastCheckpoint)
    try trainer.move(to: header.position)
    bestError = header.bestError
    awaitsEvaluation = header.awaitsEvaluation
    trainSeconds = header.trainSeconds ?? 0
    try log.truncate(toEpoch: header.position.epoch - (header.awaitsEvaluation ? 1 : 0))
  }

  private func writeConfiguration(device: DeviceInfo) throws {
    try RunConfiguration(
      model: options.model, data: options.data, dataPath: options.dataPath, limit: options.limit,
      microBatch: trainer.isSplit ? trainer.microBatch : nil, seed: options.seed, device: device,
      recipe: options.recipe, fineTuning: options.fineTuning,
      orientation: options.orientation, origin: options.origin
    ).write(to: folder.config, files: files)
  }
}

extension EpochRecord {
  /// The epoch in one line for people.
  package func summary(epochs: Int) -> String {
    func number(_ value: Double?, _ format: String) -> String {
      value.map { String(format: format, $0) } ?? "-"
    }
    return "epoch \(epoch)/\(epochs)  train loss \(number(trainLoss, "%.4f")) "
      + "error \(number(trainError, "%.2f"))%  test loss \(number(testLoss, "%.4f")) "
      + "error \(number(testError, "%.2f"))%  \(number(imagesPerSecond, "%.0f")) img/s  "
      + "\(number(trainTime + testTime, "%.0f")) s"
  }
}
