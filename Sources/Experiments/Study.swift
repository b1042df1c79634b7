import Autotuner
import Datasets
import DeviceRuntime
import Files
import Foundation
import Graph
import Models
import Training

/// A table's rows on a data set: what is done, what is left, and the running of it.
package struct Study {
  package let table: PaperTable
  package let rows: [PaperTable.Row]
  package let settings: StudySettings
  package let runs: Int
  /// Holds a folder a row.
  package let folder: String
  private let data: Dataset
  private let context: Context
  private let whitenings: WhiteningStore

  /// A study of `rows`, some or all of the table's, into `folder`, with `runs` seeds a row.
  package init(
    table: PaperTable, rows: [PaperTable.Row], settings: StudySettings, runs: Int, folder: String,
    data: Dataset, context: Context, whitenings: WhiteningStore = WhiteningStore()
  ) {
    self.table = table
    self.rows = rows
    self.settings = settings
    self.runs = runs
    self.folder = folder
    self.data = settings.limit.map { data.prefix($0) } ?? data
    self.context = context
    self.whitenings = whitenings
  }

  private var image: ImageShape { ImageShape(of: data.train) }

  /// The row's model; nil where there is none, or none for the study's images.
  func model(of row: PaperTable.Row) -> Model? {
    guard table.suits(row, files: data.train.files != nil) else { return nil }
    return row.resolved(dropout: PaperTable.dropout(on: settings.data))
  }

  private func network(of model: Model) -> Network {
    model.network(image: image, classes: data.classes)
  }

  func folder(of row: PaperTable.Row, run: Int) -> String {
    "\(folder)/\(row.key)/run-\(run + 1)"
  }

  /// The test errors of the row's finished runs; a run that diverged counts as none.
  private func errors(of row: PaperTable.Row) throws(TrainingError) -> [Double] {
    var result: [Double] = []
    for run in 0..<runs {
      if let error = try finishedError(of: row, run: run) { result.append(error) }
    }
    return result
  }

  private func finishedError(
    of row: PaperTable.Row, run: Int
  ) throws(TrainingError) -> Double? {
    let log = RunLog(path: folder(of: row, run: run) + "/log.jsonl")
    guard let last = try log.records().last, last.epoch == settings.recipe.epochs else {
      return nil
    }
    return last.testError
  }

  private func divergedMark(of row: PaperTable.Row) -> String { "\(folder)/\(row.key)/diverged" }

  private func hasDiverged(_ row: PaperTable.Row) -> Bool {
    FileManager.default.fileExists(atPath: divergedMark(of: row))
  }

  /// How many images go through the row's network at once; nil where not even one fits.
  private func microBatch(of model: Model, chooser: any ConfigurationChooser) -> Int? {
    try? TrainingMemory.fitting(
      TrainingMemory.Task(network: network(of: model), data: data, recipe: settings.recipe),
      on: context, chooser: chooser
    ).microBatch
  }

  /// How the row's runs differ from the paper's by the parts that their batches went in.
  private func splitDifference(of row: PaperTable.Row) throws(TrainingError) -> [String] {
    let log = RunLog(path: folder(of: row, run: 0) + "/log.jsonl")
    guard let images = try log.records().last?.microBatch else { return [] }
    return ["batch normalisation over parts of at most \(images) images"]
  }

  /// The table as far as it is run.
  package func result() throws(TrainingError) -> StudyResult {
    var results: [StudyResult.Row] = []
    for row in rows {
      let model = model(of: row)
      let errors = model == nil ? [] : try errors(of: row)
      let status =
        model == nil
        ? row.resolved(dropout: 0) == nil ? "not built yet" : "for other images"
        : errors.count == runs
          ? "done"
          : hasDiverged(row)
            ? "diverged"
            : model.flatMap { microBatch(of: $0, chooser: DefaultChooser()) } == nil
              ? "does not fit" : errors.isEmpty ? "pending" : "partial"
      let paperData = row.paperData(for: settings.data)
      results.append(
        StudyResult.Row(
          network: row.title, parameters: model.map { network(of: $0).parameterCount },
          paperError: row.errors[paperData], paperData: paperData, errors: errors, status: status,
          differences: settings.differences(from: row, in: table, runs: runs)
            + (try splitDifference(of: row))))
    }
    return StudyResult(
      experiment: table.name, title: table.title, data: settings.data, device: context.info.name,
      rows: results)
  }

  /// What is left of a row.
  package struct Remainder: Encodable, Sendable {
    package var network: String
    package var status: String
    /// Seconds that the runs which are left take about; nil where there is nothing to run.
    package var seconds: Double?
  }

  /// What is left of each row, by a few measured steps of those that are left.
  package func plan(chooser: any ConfigurationChooser) throws -> [Remainder] {
    let result = try result()
    return try zip(rows, result.rows).map { row, state in
      guard ["pending", "partial"].contains(state.status), let model = model(of: row) else {
        return Remainder(network: row.title, status: state.status, seconds: nil)
      }
      var epochs = 0
      for run in 0..<runs where try finishedError(of: row, run: run) == nil {
        let log = RunLog(path: folder(of: row, run: run) + "/log.jsonl")
        epochs += settings.recipe.epochs - (try log.records().last?.epoch ?? 0)
      }
      let macs = network(of: model).layerSummaries.reduce(0) { $0 + $1.macs }
      // About 0.2 TFLOP a step is measured in seconds on a CPU, too.
      let batch = max(
        1,
        min(
          microBatch(of: model, chooser: chooser) ?? settings.recipe.batchSize,
          30_000_000_000 / max(macs, 1)))
      let step = try StepBenchmark(model: model, image: image, classes: data.classes, batch: batch)
        .run(steps: 1, on: context, chooser: chooser).minS
      // A test is the forward third of a step.
      let images = Double(data.train.count) + Double(data.test.count) / 3
      return Remainder(
        network: row.title, status: state.status,
        seconds: step / Double(batch) * images * Double(epochs))
    }
  }

  package enum Outcome: Sendable {
    case finished
    case interrupted
  }

  /// Runs what is left, row by row, and writes the result's files after each run.
  ///
  /// `chooser` gives a row's configurations; the folder keeps them, and a row that was begun goes
  /// on with its own, except for those in `distrust`.
  package func run(
    chooser: (ModelTuning) throws -> TunedChooser, algorithms: Algorithms,
    distrust: Distrust = Distrust(), checks: Checks? = nil, report: (String) -> Void,
    progress: Bool = true, stop: () -> Bool
  ) throws -> Outcome {
    for (row, state) in zip(rows, try result().rows) {
      guard ["pending", "partial"].contains(state.status), let model = model(of: row) else {
        continue
      }
      for run in 0..<runs {
        if try finishedError(of: row, run: run) != nil { continue }
        report("\(row.title), run \(run + 1) of \(runs)")
        do {
          let finished = try self.run(
            model, row: row, number: run, chooser: chooser, algorithms: algorithms,
            distrust: distrust, checks: checks, progress: progress, stop: stop)
          guard finished else { return .interrupted }
        } catch let error as TrainingError where error.isDivergence {
          report("\(row.title): \(error.description)")
          try AtomicFile.write([Array("\(error)\n".utf8)], to: divergedMark(of: row))
          break
        }
        try write()
        if stop() { return .interrupted }
      }
    }
    try write()
    return .finished
  }

  private func run(
    _ model: Model, row: PaperTable.Row, number: Int,
    chooser: (ModelTuning) throws -> TunedChooser, algorithms: Algorithms, distrust: Distrust,
    checks: Checks?, progress: Bool, stop: () -> Bool
  ) throws -> Bool {
    let path = folder(of: row, run: number)
    let output = try RunFolder(path, resume: true)
    let record = "\(folder)/\(row.key)/tuning.json"
    let configurations: TunedChooser
    if let bytes = FileManager.default.contents(atPath: record) {
      configurations = TunedChooser(
        [try TuningDatabase(json: Array(bytes), path: record)], algorithms: algorithms,
        distrust: distrust)
    } else {
      let results = try chooser(
        ModelTuning(
          network: network(of: model), recipe: settings.recipe, images: data.train.count,
          areFiles: data.train.files != nil,
          microBatch: microBatch(of: model, chooser: DefaultChooser()) ?? .max)
      ).merged
      try AtomicFile.write([results.json], to: record)
      configurations = TunedChooser([results], algorithms: algorithms, distrust: distrust)
    }
    let training = try TrainingRun(
      TrainingRun.Options(
        model: model, data: data, recipe: settings.recipe, seed: settings.seed &+ UInt64(number),
        limit: settings.limit, orientation: .ignored, folder: output, resume: true,
        whitenings: whitenings),
      context: context, chooser: configurations, checks: checks)
    try checks?.amend(
      record, of: configurations, isBegun: training.trainer.totalSteps > 0, on: context.info)
    var line =
      progress
      ? ProgressLine(
        epochs: settings.recipe.epochs, stepsPerEpoch: training.trainer.stepsPerEpoch,
        imagesPerStep: settings.recipe.batchSize) : nil
    if case .finished = try training.run(progress: &line, stop: stop) { return true }
    line?.message("interrupted; the same command continues")
    return false
  }
}

extension TrainingError {
  /// Whether a run's numbers became infinite; its text is the trainer's.
  fileprivate var isDivergence: Bool { what == "training" && category == .badData }
}
