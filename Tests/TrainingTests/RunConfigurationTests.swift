import Datasets
import Foundation
import Models
import Testing

@testable import Training

/// config.json: what a run's folder tells of the run.
@Suite struct RunConfigurationTests {
  /// As versions before had it.
  private static let old = """
    {"blocks_per_group": 1, "data": "mnist", "device": "cpu", "driver": "1", "dropout": 0.3,
     "limit": 64, "micro_batch": 2, "model": "wrn-10-1", "seed": 7, "recipe": {
      "augmentation": {"flip": true, "pad": 2, "pad_mode": "reflect"}, "batch_size": 4,
      "dampening": 0, "drop_at_start_of_epoch": true, "drop_last_batch": true, "epochs": 3,
      "gamma_initialization": "uniform", "input_normalization": "meanStd", "learning_rate": 0.05,
      "momentum": 0.9, "nesterov": true, "reset_momentum_at_drop": true,
      "schedule": {"kind": "oneCycle", "warm_up": 0.25, "start": 0.1, "end": 0},
      "weight_decay": 0.0005}}
    """

  @Test func filesInSnakeCaseAreRead() throws {
    let old = try RunConfiguration(json: Data(Self.old.utf8), source: "config.json")
    #expect(old.recipe.batchSize == 4 && old.recipe.augmentation.padMode == .reflect)
    #expect(old.recipe.schedule == .oneCycle(warmUp: 0.25, start: 0.1, end: 0))
    #expect(old.limit == 64 && old.microBatch == 2 && old.seed == 7 && old.dataPath == nil)
    let model = try old.resolvedModel()
    #expect(model == (try ModelName(parsing: "wrn-10-1").model(dropout: 0.3)))
  }

  @Test func aRunWritesWhatReadsBackInCamelCase() throws {
    let folder = try TemporaryFolder()
    var tiny = try TinyRun()
    tiny.recipe.epochs = 1
    #expect(try !tiny.run(in: folder).finishes { true })
    let text = String(decoding: try #require(folder.contents["config.json"]), as: UTF8.self)
    #expect(text.contains("\"batchSize\"") && text.contains("\"blocksPerGroup\""))
    #expect(text.wholeMatch(of: /(?s).*"[a-zA-Z]+_[a-zA-Z_]+" :.*/) == nil, "\(text)")
    let read = try RunConfiguration(folder: folder.path)
    #expect(read.recipe == tiny.recipe && read.classNames == tiny.data.classNames)
    #expect(try read.resolvedModel() == tiny.model)
    #expect(try Report(folder: folder.path).title == "wrn-10-1 on \(tiny.data.name)")
  }

  @Test(arguments: ["", "[]", "{}", #"{"model": "wrn-10-1"}"#, "[[[["])
  func anotherFileIsRefused(text: String) throws {
    let error = #expect(throws: TrainingError.self) {
      try RunConfiguration(json: Data(text.utf8), source: "config.json")
    }
    #expect(error?.exitStatus == 65)
  }

  @Test func aFolderWithoutOneIsNoRun() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: TrainingError.self) { try RunConfiguration(folder: folder.path) }
    #expect(error?.exitStatus == 66 && error?.why.contains("no folder of a run") == true)
  }
}
