import Autotuner
import Datasets
import DeviceRuntime
import Files
import Foundation
import Graph
import Models
import Training

/// A table's rows on a data set and a device: what is done, and the running of what is left.
package struct Study {
  package let plan: StudyPlan
  private let data: Dataset
  private let dataPath: String?
  private let context: Context
  private let whitenings: WhiteningStore

  var table: PaperTable { plan.table }
  var rows: [PaperTable.Row] { plan.rows }
  var settings: StudySettings { plan.settings }
  var runs: Int { plan.runs }
  var folder: String { plan.folder }

  /// A study by a plan, whose images `data` must be; `dataPath` is the folder that they lie in, nil
  /// for those that are made as they are needed.
  package init(
    _ plan: StudyPlan, data: Dataset, dataPath: String?, context: Context,
    whitenings: WhiteningStore = WhiteningStore()
  ) {
    self.plan = plan
    self.data = plan.settings.limit.map { data.prefix($0) } ?? data
    self.dataPath = dataPath
    self.context = context
    self.whitenings = whitenings
  }

  /// How many images go through the row's network at once; nil where not even one fits.
  private func microBatch(of model: Model, chooser: any ConfigurationChooser) -> Int? {
    try? TrainingMemory.fitting(
      TrainingMemory.Task(network: plan.network(of: model), data: data, recipe: settings.recipe),
      on: context, chooser: chooser
    ).microBatch
  }

  /// How the row's runs differ from the paper's by the parts that their batches went in.
  private func splitDifference(of row: PaperTable.Row) throws(TrainingError) -> [String] {
    guard let images = try plan.records(of: row, run: 0).last?.microBatch else { return [] }
    return ["batch normalisation over parts of at most \(images) images"]
  }

  /// How far a row is, in a word; one that cannot be run here is not pending.
  private func status(of row: PaperTable.Row) throws(TrainingError) -> String {
    let status = try plan.status(of: row)
    let isLeft = ["pending", "partial"].contains(status)
    guard isLeft, let model = plan.model(of: row) else { return status }
    return microBatch(of: model, chooser: DefaultChooser()) == nil ? "does not fit" : status
  }

  /// The table as far as it is run.
  package func result() throws(TrainingError) -> StudyResult {
    var results: [StudyResult.Row] = []
    for row in rows {
      let model = plan.model(of: row)
      let paperData = row.paperData(for: settings.data)
      results.append(
        StudyResult.Row(
          network: row.title, parameters: model.map { plan.network(of: $0).parameterCount },
          paperError: row.errors[paperData], paperData: paperData,
          errors: model == nil ? [] : try plan.errors(of: row), status: try status(of: row),
          differences: settings.differences(from: row, in: table, runs: runs)
            + (try splitDifference(of: row))))
    }
    return StudyResult(
      experiment: table.name, title: table.title, data: settings.data, device: context.info.name,
      rows: results)
  }

  package enum Outcome: Sendable {
    case finished
    case interrupted
  }

  /// Runs what is left, row by row, and writes the result's files after each run.
  ///
  /// `command` is what each run records as its origin. `chooser` gives a row's configurations; the
  /// folder keeps them, and a row that was begun goes on with its own, except for those in
  /// `distrust`.
  package func run(
    command: String, chooser: (ModelTuning) throws -> TunedChooser, algorithms: Algorithms,
    distrust: Distrust = Distrust(), checks: Checks? = nil, report: (String) -> Void,
    progress: Bool = true, stop: () -> Bool
  ) throws -> Outcome {
    for (row, state) in zip(rows, try result().rows) {
      guard ["pending", "partial"].contains(state.status), let model = plan.model(of: row) else {
        continue
      }
      for run in 0..<runs {
        if try plan.finishedError(of: row, run: run) != nil { continue }
        report("\(row.title), run \(run + 1) of \(runs)")
        do {
          let finished = try self.run(
            model, row: row, number: run, command: command, chooser: chooser,
            algorithms: algorithms, distrust: distrust, checks: checks, progress: progress,
            stop: stop)
          guard finished else { return .interrupted }
        } catch let error as TrainingError where error.isDivergence {
          report("\(row.title): \(error.description)")
          try AtomicFile.write([Array("\(error)\n".utf8)], to: plan.divergedMark(of: row))
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
    _ model: Model, row: PaperTable.Row, number: Int, command: String,
    chooser: (ModelTuning) throws -> TunedChooser, algorithms: Algorithms, distrust: Distrust,
    checks: Checks?, progress: Bool, stop: () -> Bool
  ) throws -> Bool {
    let path = plan.folder(of: row, run: number)
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
          network: plan.network(of: model), recipe: settings.recipe, images: data.train.count,
          areFiles: data.train.files != nil,
          microBatch: microBatch(of: model, chooser: DefaultChooser()) ?? .max)
      ).merged
      try AtomicFile.write([results.json], to: record)
      configurations = TunedChooser([results], algorithms: algorithms, distrust: distrust)
    }
    var options = TrainingRun.Options(
      model: model, data: data, dataPath: dataPath, recipe: settings.recipe,
      seed: settings.seed &+ UInt64(number), limit: settings.limit, orientation: .ignored,
      folder: output, resume: true, whitenings: whitenings)
    options.origin = RunOrigin(command: command, started: Date())
    let training = try TrainingRun(
      options, context: context, chooser: configurations, checks: checks)
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
