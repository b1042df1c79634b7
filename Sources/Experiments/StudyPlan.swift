import Autotuner
import DeviceRuntime
import Foundation
import Graph
import Models
import Training

/// A table's rows as they will be run into a folder, and what is done: known without the images and
/// without a device.
package struct StudyPlan: Sendable {
  package let table: PaperTable
  package let rows: [PaperTable.Row]
  package let settings: StudySettings
  package let runs: Int
  /// Holds a folder a row.
  package let folder: String
  package let images: StudyImages

  /// Of `rows`, some or all of the table's, with `runs` seeds a row.
  package init(
    table: PaperTable, rows: [PaperTable.Row], settings: StudySettings, runs: Int, folder: String,
    images: StudyImages
  ) {
    self.table = table
    self.rows = rows
    self.settings = settings
    self.runs = runs
    self.folder = folder
    self.images = images
  }

  /// The row's model; nil where there is none, or none for the study's images.
  func model(of row: PaperTable.Row) -> Model? {
    guard table.suits(row, files: images.areFiles) else { return nil }
    return row.resolved(dropout: PaperTable.dropout(on: settings.data))
  }

  func network(of model: Model) -> Network {
    model.network(image: images.image, classes: images.classes)
  }

  func folder(of row: PaperTable.Row, run: Int) -> String {
    RunFolder.part(run + 1, of: "\(folder)/\(row.key)")
  }

  /// The records of a run.
  func records(of row: PaperTable.Row, run: Int) throws(TrainingError) -> [EpochRecord] {
    try RunLog(path: folder(of: row, run: run) + "/log.jsonl").records()
  }

  /// The test error of a run that is finished.
  func finishedError(of row: PaperTable.Row, run: Int) throws(TrainingError) -> Double? {
    guard let last = try records(of: row, run: run).last, last.epoch == settings.recipe.epochs
    else { return nil }
    return last.testError
  }

  /// The test errors of the row's finished runs; a run that diverged counts as none.
  func errors(of row: PaperTable.Row) throws(TrainingError) -> [Double] {
    var result: [Double] = []
    for run in 0..<runs {
      if let error = try finishedError(of: row, run: run) { result.append(error) }
    }
    return result
  }

  func divergedMark(of row: PaperTable.Row) -> String { "\(folder)/\(row.key)/diverged" }

  /// How far a row is, in a word.
  func status(of row: PaperTable.Row) throws(TrainingError) -> String {
    guard model(of: row) != nil else {
      return row.resolved(dropout: 0) == nil ? "not built yet" : "for other images"
    }
    let errors = try errors(of: row)
    if errors.count == runs { return "done" }
    if FileManager.default.fileExists(atPath: divergedMark(of: row)) { return "diverged" }
    return errors.isEmpty ? "pending" : "partial"
  }

  /// What is left of a row.
  package struct Remainder: Encodable, Sendable {
    package var network: String
    package var status: String
    /// Seconds that the runs which are left take about; nil where there is nothing to run, or
    /// before that is measured.
    package var seconds: Double?
    /// Trainable numbers; nil where the network is not built.
    package var parameters: Int?
    /// The paper's test error in per cent, and on which data; nil where it has none.
    package var paperError: Double?
    package var paperData: String
    /// Of the row in all.
    package var runs: Int
    /// Epochs of a run.
    package var epochsPerRun: Int
    /// Epochs that are left of all runs.
    package var epochs: Int
    package var trainImages: Int
    package var testImages: Int
    package var batch: Int
    /// Where the row's runs go.
    package var folder: String
  }

  /// What is left of each row, without times.
  package func remainders() throws(TrainingError) -> [Remainder] {
    var result: [Remainder] = []
    for row in rows {
      let status = try status(of: row)
      var epochs = 0
      if ["pending", "partial"].contains(status) {
        for run in 0..<runs where try finishedError(of: row, run: run) == nil {
          epochs += settings.recipe.epochs - (try records(of: row, run: run).last?.epoch ?? 0)
        }
      }
      let paperData = row.paperData(for: settings.data)
      result.append(
        Remainder(
          network: row.title, status: status,
          parameters: model(of: row).map { network(of: $0).parameterCount },
          paperError: row.errors[paperData], paperData: paperData, runs: runs,
          epochsPerRun: settings.recipe.epochs, epochs: epochs, trainImages: images.train,
          testImages: images.test, batch: settings.recipe.batchSize,
          folder: "\(folder)/\(row.key)"))
    }
    return result
  }

  /// What is left of each row with the times that a device needs, by a measured step of each row
  /// that is left; `report` is told of each before it is measured.
  package func measured(
    on context: Context, chooser: any ConfigurationChooser, report: (String) -> Void
  ) throws -> [Remainder] {
    var remainders = try remainders()
    let left = remainders.indices.filter { remainders[$0].epochs > 0 }
    for (number, index) in left.enumerated() {
      guard let model = model(of: rows[index]) else { continue }
      report("measuring a step of \(rows[index].title), \(number + 1) of \(left.count)")
      let task = TrainingMemory.Task(
        network: network(of: model), batches: [settings.recipe.batchSize],
        evaluationBatch: settings.recipe.batchSize)
      guard
        let memory = try? TrainingMemory.fitting(task, on: context, chooser: chooser)
      else {
        remainders[index].status = "does not fit"
        continue
      }
      remainders[index].seconds = try seconds(
        epochs: remainders[index].epochs, of: model, microBatch: memory.microBatch, on: context,
        chooser: chooser)
    }
    return remainders
  }

  /// Seconds that so many epochs of a model take about, by a measured step of at most
  /// `microBatch` images.
  private func seconds(
    epochs: Int, of model: Model, microBatch: Int, on context: Context,
    chooser: any ConfigurationChooser
  ) throws -> Double {
    let macs = network(of: model).layerSummaries.reduce(0) { $0 + $1.macs }
    // About 0.2 TFLOP a step is measured in seconds on a CPU, too.
    let batch = max(1, min(microBatch, 30_000_000_000 / max(macs, 1)))
    let step = try StepBenchmark(
      model: model, image: images.image, classes: images.classes, batch: batch
    ).run(steps: 1, on: context, chooser: chooser).minS
    // A test is the forward third of a step.
    let count = Double(images.train) + Double(images.test) / 3
    return step / Double(batch) * count * Double(epochs)
  }
}
