import Datasets
import DeviceRuntime
import Files
import Foundation
import Graph
import Models
import TestSupport
import Testing
import Training

/// The choices of a run of seconds: WRN-10-1 with dropout on 23 images of 8 x 8, five steps an
/// epoch and a rest of three images, and 17 batches to test.
struct TinyRun {
  var model: Model
  var data: Dataset
  var recipe = Recipe(
    epochs: 3, batchSize: 4, learningRate: 0.05, schedule: .steps(epochs: [2], factor: 0.2),
    momentum: 0.9, nesterov: true, dampening: 0, weightDecay: 5e-4, dropAtStartOfEpoch: true,
    resetMomentumAtDrop: true, dropLastBatch: true,
    augmentation: Recipe.Augmentation(flip: true, pad: 2, padMode: .reflect),
    gammaInitialization: .uniform, inputNormalization: .meanStd)
  var seed: UInt64 = 7
  var limit: Int?

  init() throws {
    model = try ModelName(parsing: "wrn-10-1").model(dropout: 0.3)
    data = try TinyRun.images(classes: 4, train: 23, test: 68)
  }

  static func images(classes: Int, train: Int, test: Int) throws -> Dataset {
    let size = try SyntheticSize(parsing: "synthetic:3x8x8:\(classes):\(max(train, test))")
    let all = try Dataset.synthetic(size)
    return Dataset(
      name: all.name, classNames: all.classNames, train: all.train.prefix(train),
      test: all.train.prefix(test), mean: all.mean, standardDeviation: all.standardDeviation)
  }

  /// One context for many tests: building programs takes longer than running them.
  static let context = Result { try TestDevice().context }

  func trainer(on context: Context? = nil) throws -> Trainer {
    let context = try context ?? TinyRun.context.get()
    var model = model
    model.unitGamma = recipe.gammaInitialization == .one
    return try Trainer(
      network: model.network(
        image: ImageShape(height: 8, width: 8, channels: 3), classes: data.classes),
      data: data, recipe: recipe, seed: seed, context: context)
  }

  func run(
    in folder: TemporaryFolder, resume: Bool = false, tensorBoard: Bool = false,
    files: any FileOperations = SystemFiles()
  ) throws -> TrainingRun {
    var options = TrainingRun.Options(
      model: model, data: data, recipe: recipe, seed: seed, limit: limit,
      folder: try RunFolder(folder.path, resume: resume), resume: resume)
    options.tensorBoard = tensorBoard
    return try TrainingRun(options, context: TinyRun.context.get(), files: files)
  }
}

extension TrainingRun {
  /// Runs without a progress line; whether it came to its end.
  func finishes(stop: () -> Bool = { false }) throws -> Bool {
    var progress: ProgressLine?
    if case .finished = try run(progress: &progress, stop: stop) { return true }
    return false
  }
}

extension TemporaryFolder {
  /// The content of every file but the lock.
  var contents: [String: Data] {
    get throws {
      var result: [String: Data] = [:]
      for name in try names where name != ".lock" {
        result[name] = try Data(contentsOf: URL(fileURLWithPath: file(name)))
      }
      return result
    }
  }

  /// The records of the run's log without what the clock says.
  var records: [EpochRecord] {
    get throws {
      try RunLog(path: file("log.jsonl")).records().map { record in
        var record = record
        (record.trainTime, record.testTime, record.imagesPerSecond) = (0, 0, 0)
        return record
      }
    }
  }
}

/// Expects log.csv to be log.jsonl as a table.
func expectTable(
  in folder: TemporaryFolder, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let records = try RunLog(path: folder.file("log.jsonl")).records()
  let lines = ([EpochRecord.tableHead] + records.map(\.tableRow)).map { $0 + "\r\n" }
  #expect(
    try text(of: folder.file("log.csv")) == lines.joined(), sourceLocation: sourceLocation)
}

extension Trainer {
  /// Every number of the network and the optimizer, as bits.
  var bits: [UInt32] {
    get throws {
      try [.parameter, .state, .velocity].flatMap { kind in
        try store.read(kind).flatMap { $0.values.map(\.bitPattern) }
      }
    }
  }
}
