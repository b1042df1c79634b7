import Datasets
import Foundation
import Graph
import TestSupport
import Testing

@testable import Training

@Suite(.serialized)
struct TensorBoardTests {
  @Test func everyStepAndEpochIsThere() throws {
    let tiny = try TinyRun()
    let (folder, plain) = (try TemporaryFolder(), try TemporaryFolder())
    #expect(try tiny.run(in: folder, tensorBoard: true).finishes())
    let events = try EventReader(folder: folder)
    // Three epochs of five steps.
    let rates = events.scalars("step/learning_rate")
    #expect(rates.map(\.step) == Array(1...15))
    #expect(rates.prefix(5).allSatisfy { $0.value == 0.05 })
    #expect(rates.dropFirst(5).allSatisfy { $0.value == 0.01 })
    let losses = events.values("step/loss")
    #expect(losses.count == 15 && losses.allSatisfy { $0 > 0 })
    let log = try RunLog(path: folder.file("log.jsonl")).records()
    for (epoch, record) in log.enumerated() {
      // All batches have four images, so the epoch's loss is the mean of its steps'.
      let mean = losses[epoch * 5..<epoch * 5 + 5].reduce(0, +) / 5
      #expect(abs(Double(mean) - (record.trainLoss ?? 0)) < 1e-4)
    }
    #expect(events.steps("epoch/test_error") == [5, 10, 15])
    #expect(events.values("epoch/test_error") == log.map { Float($0.testError ?? -1) })
    #expect(events.values("epoch/train_loss") == log.map { Float($0.trainLoss ?? -1) })
    #expect(events.values("epoch/learning_rate") == log.map(\.lr))
    #expect(events.steps("step/images_per_second").allSatisfy { (1...15).contains($0) })
    // Writing them changes nothing of the run.
    #expect(try tiny.run(in: plain).finishes())
    #expect(
      try folder.contents["checkpoint-last.safetensors"]
        == plain.contents["checkpoint-last.safetensors"])
  }

  @Test func weightsImagesAndOptionsAreThere() throws {
    let tiny = try TinyRun()
    let folder = try TemporaryFolder()
    #expect(try tiny.run(in: folder, tensorBoard: true).finishes())
    let events = try EventReader(folder: folder)
    let network = try tiny.trainer().network
    let weights = events.entries.filter { $0.tag.hasPrefix("weights/") }
    #expect(weights.count == 3 * network.parameters.count)
    let checkpoint = try Checkpoint(contentsOf: folder.file("checkpoint-last.safetensors"))
    for parameter in network.parameters {
      let last = try #require(weights.last { $0.tag == "weights/" + parameter.name })
      let histogram = try #require(try last.value.messages(5).first)
      let values = try #require(checkpoint.tensors.tensors[parameter.name]?.floats)
      #expect(histogram.doubles(1).first == values.min().map(Double.init))
      #expect(histogram.doubles(2).first == values.max().map(Double.init))
      #expect(try histogram.packedDoubles(7).reduce(0, +) == Double(values.count))
    }
    let images = events.entries.filter { $0.tag.hasPrefix("test_images/") }
    #expect(images.count == 12 && images.allSatisfy { $0.step == 0 })
    for entry in images {
      let image = try #require(try entry.value.messages(4).first)
      #expect(image.integers(1) + image.integers(2) + image.integers(3) == [8, 8, 3])
      let index = try #require(entry.tag.split(separator: "/").last.flatMap { Int($0) })
      try Data(try #require(image.bytes(4).first)).write(
        to: URL(fileURLWithPath: folder.file("a.png")))
      let decoded = try ImageFile.decode(contentsOf: URL(fileURLWithPath: folder.file("a.png")))
      #expect(try decoded.pixels == tiny.data.test.testPixels(index))
    }
    let text = try #require(events.entries.first { $0.tag == "configuration" })
    let tensor = try #require(try text.value.messages(8).first)
    #expect(tensor.texts(8)[0].contains("| recipe.momentum | 0.9 |"))
  }

  /// Stopped at each question, in a step and in a test, and continued: no step is missing or double.
  @Test func aContinuedRunHasEachStepOnce() throws {
    let tiny = try TinyRun()
    for question in 1...100 {
      let folder = try TemporaryFolder()
      var questions = 0
      let finished = try tiny.run(in: folder, tensorBoard: true).finishes {
        questions += 1
        return questions == question
      }
      if !finished {
        #expect(try tiny.run(in: folder, resume: true, tensorBoard: true).finishes())
      }
      let events = try EventReader(folder: folder)
      #expect(events.records.count == (finished ? 1 : 2))
      let steps = events.steps("step/loss")
      // Of an epoch that is tested again the last step's own values may go.
      let inside = Array(1...15).filter { $0 % 5 != 0 }
      #expect(steps.filter { $0 % 5 != 0 } == inside)
      #expect(steps.count >= 14 && steps == Set(steps).sorted())
      #expect(events.steps("epoch/test_loss") == [5, 10, 15])
      #expect(events.entries.count { $0.tag == "configuration" } == 1)
      if finished { break }
    }
  }

  /// Continued from an older state, as after a kill: what the first part had of later steps goes.
  @Test func stepsBehindTheCheckpointAreTakenBack() throws {
    var tiny = try TinyRun()
    let folder = try TemporaryFolder()
    tiny.recipe.epochs = 1
    #expect(try tiny.run(in: folder, tensorBoard: true).finishes())
    let old = try #require(try folder.contents["checkpoint-last.safetensors"])
    tiny.recipe.epochs = 2
    #expect(try tiny.run(in: folder, resume: true, tensorBoard: true).finishes())
    let values = try EventReader(folder: folder).values("step/loss")
    try old.write(to: URL(fileURLWithPath: folder.file("checkpoint-last.safetensors")))
    #expect(try tiny.run(in: folder, resume: true, tensorBoard: true).finishes())
    let events = try EventReader(folder: folder)
    #expect(events.records.count == 3)
    #expect(events.steps("step/loss") == Array(1...10) && events.values("step/loss") == values)
    #expect(events.steps("epoch/test_error") == [5, 10])
  }

  @Test func aHistogramCountsEveryNumber() throws {
    let histogram = try #require(Histogram([-1, -1, 0, 0.5, 2]))
    #expect(histogram.counts.count == 30 && histogram.limits.count == 30)
    #expect(histogram.counts[0] == 2 && histogram.counts[29] == 1)
    #expect(histogram.counts[10] == 1 && histogram.counts[15] == 1)
    #expect(histogram.counts.reduce(0, +) == 5)
    #expect(abs(histogram.limits[0] + 0.9) < 1e-9 && histogram.limits[29] == 2)
    #expect(histogram.sum == 0.5 && histogram.sumOfSquares == 6.25)
    let constant = try #require(Histogram([3, 3]))
    #expect(constant.counts == [2] && constant.limits == [3])
    #expect(Histogram([]) == nil)
  }

  @Test("a disk that is full ends the run with status 73")
  func fullDisk() throws {
    let folder = try TemporaryFolder()
    let file = try EventFile(folder: folder.path, step: 0)
    let again = try EventFile(folder: folder.path, step: 3)
    #expect(file.path < again.path)
    let error = #expect(throws: TrainingError.self) {
      // open, version and start, then the values.
      let files = FaultyFiles(failing: 2, .error(ENOSPC))
      let file = try EventFile(folder: folder.path, step: 0, files: files)
      try file.append([(1, .values([("a", .scalar(1))]))])
    }
    #expect(error?.exitStatus == 73 && error?.why.contains("No space") == true)
  }
}
