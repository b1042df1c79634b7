import Datasets
import Foundation
import Graph
import Models
import Testing
import Training

@Suite(.serialized)
struct TrainingRunTests {
  /// The part of the report that holds no times: the answers to the test images and the options.
  private static func answers(in contents: [String: Data]) throws -> Substring {
    let page = String(decoding: try #require(contents["report.html"]), as: UTF8.self)
    return page[try #require(page.range(of: "<h2>Confusion")).lowerBound...]
  }

  @Test(arguments: [true, false])
  func interruptedAnywhereEndsInTheSameFiles(dropLastBatch: Bool) throws {
    var tiny = try TinyRun()
    tiny.recipe.dropLastBatch = dropLastBatch
    let whole = try TemporaryFolder()
    #expect(try tiny.run(in: whole).finishes())
    let expected = try whole.contents
    #expect(
      expected.keys.sorted() == [
        "checkpoint-best.safetensors", "checkpoint-last.safetensors", "config.json", "log.csv",
        "log.jsonl", "report.html",
      ])

    var places: Set<String> = []
    for question in 1...100 {
      let folder = try TemporaryFolder()
      var questions = 0
      let finished = try tiny.run(in: folder).finishes {
        questions += 1
        return questions == question
      }
      if !finished {
        let header = try Checkpoint(contentsOf: folder.file("checkpoint-last.safetensors")).header
        places.insert(
          header.awaitsEvaluation
            ? "in the test" : header.position.step > 0 ? "in an epoch" : "between epochs")
        #expect(try tiny.run(in: folder, resume: true).finishes())
      }
      let contents = try folder.contents
      // These have times in them.
      for (name, bytes) in expected
      where !["log.csv", "log.jsonl", "report.html"].contains(name) {
        #expect(contents[name] == bytes, "\(name), stopped at question \(question)")
      }
      let answers = try Self.answers(in: contents)
      #expect(!answers.isEmpty)
      #expect(try answers == Self.answers(in: expected), "stopped at question \(question)")
      #expect(try folder.records == whole.records)
      try expectTable(in: folder)
      if finished { break }
    }
    #expect(places == ["in an epoch", "in the test", "between epochs"])
  }

  @Test(arguments: ["wrn-10-1", "stochastic-depth-8"])
  func interruptedAgainAndAgainEndsInTheSameFiles(model: String) throws {
    var tiny = try TinyRun()
    tiny.model = try ModelName(parsing: model).model(dropout: model == "wrn-10-1" ? 0.3 : 0)
    let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
    #expect(try tiny.run(in: whole).finishes())
    #expect(try !tiny.run(in: folder).finishes { true })
    for step in 2...4 {
      let run = try tiny.run(in: folder, resume: true)
      #expect(try !run.finishes { true })
      #expect(run.trainer.step == step)
    }
    #expect(try tiny.run(in: folder, resume: true).finishes())
    #expect(
      try folder.contents["checkpoint-last.safetensors"]
        == whole.contents["checkpoint-last.safetensors"])
    #expect(try folder.records == whole.records)
  }

  @Test func finishedRunResumesToItsResult() throws {
    let tiny = try TinyRun()
    let folder = try TemporaryFolder()
    #expect(try tiny.run(in: folder).finishes())
    let contents = try folder.contents
    let run = try tiny.run(in: folder, resume: true)
    #expect(run.trainer.isFinished)
    #expect(try run.finishes())
    #expect(try folder.contents == contents)
  }

  @Test func moreEpochsContinueAFinishedRun() throws {
    var tiny = try TinyRun()
    let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
    tiny.recipe.epochs = 2
    #expect(try tiny.run(in: folder).finishes())
    tiny.recipe.epochs = 3
    #expect(try tiny.run(in: folder, resume: true).finishes())
    #expect(try tiny.run(in: whole).finishes())
    #expect(
      try folder.contents["checkpoint-last.safetensors"]
        == whole.contents["checkpoint-last.safetensors"])
    #expect(try folder.records == whole.records)
  }

  @Test func logHasTheRateAndTheNumbersOfEachEpoch() throws {
    var tiny = try TinyRun()
    tiny.recipe.epochs = 5
    tiny.recipe.schedule = .steps(epochs: [2, 4], factor: 0.2)
    let folder = try TemporaryFolder()
    #expect(try tiny.run(in: folder).finishes())
    let records = try RunLog(path: folder.file("log.jsonl")).records()
    #expect(records.map(\.epoch) == [1, 2, 3, 4, 5])
    #expect(records.map(\.lr) == [0.05, 0.01, 0.01, 0.002, 0.002])
    let parameters = try tiny.trainer().network.parameterCount
    for record in records {
      #expect(record.parameters == parameters)
      #expect(record.trainTime > 0 && record.testTime > 0 && record.imagesPerSecond > 0)
      #expect((0...100).contains(try #require(record.trainError)))
      #expect(try #require(record.testLoss) > 0)
    }
    let best = try Checkpoint(contentsOf: folder.file("checkpoint-best.safetensors")).header
    let errors = try records.map { try #require($0.testError) }
    #expect(best.bestError == errors.min())
    #expect(best.position.epoch == (errors.firstIndex(of: errors.min() ?? 0) ?? -1) + 1)
  }

  @Test func logOfARunKilledBeforeItsFirstCheckpointStartsAnew() throws {
    let tiny = try TinyRun()
    let whole = try TemporaryFolder()
    #expect(try tiny.run(in: whole).finishes())
    let log = try #require(whole.contents["log.jsonl"])
    let first = log.prefix { $0 != UInt8(ascii: "\n") } + Data("\n".utf8)
    for resume in [false, true] {
      let folder = try TemporaryFolder()
      try first.write(to: URL(fileURLWithPath: folder.file("log.jsonl")))
      #expect(try tiny.run(in: folder, resume: resume).finishes())
      #expect(try folder.records == whole.records)
      try expectTable(in: folder)
    }
  }

  private func refuses(
    _ folder: TemporaryFolder, _ tiny: TinyRun, why: String,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let before = try folder.contents
    let error = #expect(throws: TrainingError.self, sourceLocation: location) {
      _ = try tiny.run(in: folder, resume: true)
    }
    #expect(error?.exitStatus == 65, sourceLocation: location)
    #expect(error?.why.contains(why) == true, "\(error?.why ?? "")", sourceLocation: location)
    #expect(try folder.contents == before, sourceLocation: location)
  }

  @Test func resumingAnotherRunIsRefused() throws {
    let tiny = try TinyRun()
    let folder = try TemporaryFolder()
    #expect(try !tiny.run(in: folder).finishes { true })
    var other = tiny
    other.seed = 8
    try refuses(folder, other, why: "another seed (8, not 7)")
    other = tiny
    other.limit = 20
    try refuses(folder, other, why: "another limit (20, not none)")
    other = tiny
    other.recipe.learningRate = 0.06
    try refuses(folder, other, why: "another recipe")
    other = tiny
    other.recipe.augmentation.flip = false
    other.seed = 9
    try refuses(folder, other, why: "another seed (9, not 7), recipe")
    other = tiny
    other.model.dropout = 0
    try refuses(folder, other, why: "another model")
    other = tiny
    other.model = try ModelName(parsing: "wrn-16-1").model(dropout: 0.3)
    try refuses(folder, other, why: "another model (wrn-16-1, not ")
    other = tiny
    other.data = try TinyRun.images(classes: 5, train: 23, test: 68)
    try refuses(folder, other, why: "number of classes (5, not ")
    #expect(try tiny.run(in: folder, resume: true).finishes())
  }

  @Test func fewerEpochsThanAreDoneAreRefused() throws {
    var tiny = try TinyRun()
    let folder = try TemporaryFolder()
    #expect(try tiny.run(in: folder).finishes())
    tiny.recipe.epochs = 2
    try refuses(folder, tiny, why: "further than this run goes")
  }

  /// In the second epoch the rate explodes: seen by a later step or, in an epoch of one step,
  /// only by the test.
  @Test(arguments: [nil, 4])
  func lossThatIsNotFiniteKeepsTheLastGoodCheckpoint(limit: Int?) throws {
    var tiny = try TinyRun()
    tiny.limit = limit
    tiny.recipe.schedule = .steps(epochs: [2], factor: 1e31)
    let folder = try TemporaryFolder()
    let run = try tiny.run(in: folder)
    var afterFirst: [String: Data] = [:]
    let error = #expect(throws: TrainingError.self) {
      _ = try run.finishes {
        if run.trainer.epoch == 1 && afterFirst.isEmpty,
          let contents = try? folder.contents, contents["checkpoint-last.safetensors"] != nil
        {
          afterFirst = contents
        }
        return false
      }
    }
    #expect(error?.exitStatus == 65)
    #expect(error?.why.contains("not finite") == true)
    #expect(!afterFirst.isEmpty)
    #expect(try folder.contents == afterFirst)
    #expect(try folder.records.map(\.epoch) == [1])
  }
}
