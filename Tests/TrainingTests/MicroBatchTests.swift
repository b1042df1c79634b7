import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models
import TestSupport
import Testing
import Training

/// Training whose batches go in parts.
@Suite(.serialized)
struct MicroBatchTests {
  private func run(
    _ tiny: TinyRun, in folder: TemporaryFolder, microBatch: Int?, resume: Bool = false
  ) throws -> TrainingRun {
    try TrainingRun(
      TrainingRun.Options(
        model: tiny.model, data: tiny.data, recipe: tiny.recipe, seed: tiny.seed, limit: nil,
        microBatch: microBatch, folder: try RunFolder(folder.path, resume: resume),
        resume: resume),
      context: TinyRun.context.get())
  }

  /// Without batch normalisation an epoch in parts comes to what one of whole batches does.
  @Test func partsTrainAsTheWholeBatchDoes() throws {
    var tiny = try TinyRun()
    tiny.recipe.dropLastBatch = false
    tiny.recipe.augmentation = .none
    var network = Network(image: ImageShape(height: 8, width: 8, channels: 3))
    let x = network.convolution(network.input, channels: 8, kernel: 3, name: "conv")
    network.linear(network.globalAveragePool(x), outputs: 4, name: "fc")
    func trainer(_ microBatch: Int?) throws -> Trainer {
      try Trainer(
        network: network, data: tiny.data, recipe: tiny.recipe, seed: tiny.seed,
        context: TinyRun.context.get(), microBatch: microBatch)
    }
    let (whole, three, one) = (try trainer(nil), try trainer(3), try trainer(1))
    #expect(!whole.isSplit && three.isSplit && one.isSplit)
    let expected = try #require(try whole.trainEpoch())
    for split in [three, one] {
      let metrics = try #require(try split.trainEpoch())
      #expect(metrics.images == 23 && abs(metrics.loss - expected.loss) < 1e-5)
      for (a, b) in zip(try whole.store.read(.parameter), try split.store.read(.parameter)) {
        #expect(zip(a.values, b.values).allSatisfy { abs($0 - $1) < 1e-5 })
      }
      let (a, b) = (try #require(try whole.evaluate()), try #require(try split.evaluate()))
      #expect(a.error == b.error && abs(a.loss - b.loss) < 1e-5)
    }
  }

  @Test func aPartAsLargeAsTheBatchChangesNoBit() throws {
    let tiny = try TinyRun()
    let context = try TinyRun.context.get()
    let network = tiny.model.network(
      image: ImageShape(height: 8, width: 8, channels: 3), classes: 4)
    let trainers = try [nil, 4, 100].map {
      try Trainer(
        network: network, data: tiny.data, recipe: tiny.recipe, seed: 1, context: context,
        microBatch: $0)
    }
    for trainer in trainers {
      try trainer.trainEpoch()
      #expect(!trainer.isSplit && trainer.microBatch == 4)
      #expect(try trainer.bits == trainers[0].bits)
    }
  }

  @Test func aStoppedRunContinuesWithItsPartsToTheSameBits() throws {
    var tiny = try TinyRun()
    tiny.recipe.dropLastBatch = false
    let (whole, again) = (try TemporaryFolder(), try TemporaryFolder())
    #expect(try run(tiny, in: whole, microBatch: 3).finishes())
    #expect(try run(tiny, in: again, microBatch: 3).finishes())
    let expected = try whole.contents["checkpoint-last.safetensors"]
    #expect(try again.contents["checkpoint-last.safetensors"] == expected)
    #expect(try whole.records.map(\.microBatch) == [3, 3, 3])
    let config = String(decoding: try #require(whole.contents["config.json"]), as: UTF8.self)
    #expect(config.contains("\"microBatch\" : 3"))
    let other = try TemporaryFolder()
    #expect(try run(tiny, in: other, microBatch: 2).finishes())
    #expect(try other.contents["checkpoint-last.safetensors"] != expected)

    for question in [1, 3, 5] {
      let folder = try TemporaryFolder()
      var questions = 0
      #expect(
        try !run(tiny, in: folder, microBatch: 3).finishes {
          questions += 1
          return questions == question
        })
      let error = #expect(throws: TrainingError.self) {
        _ = try run(tiny, in: folder, microBatch: 4, resume: true)
      }
      #expect(error?.exitStatus == 65 && error?.why.contains("another micro-batch") == true)
      // Without the option it goes on as it began.
      #expect(try run(tiny, in: folder, microBatch: nil, resume: true).finishes())
      #expect(try folder.contents["checkpoint-last.safetensors"] == expected)
      #expect(try folder.records == whole.records)
    }
  }

  @Test func aLimitOfTheMemoryIsKeptTo() throws {
    var tiny = try TinyRun()
    tiny.recipe.batchSize = 20
    var network = Network(image: ImageShape(height: 8, width: 8, channels: 3))
    var x = network.convolution(network.input, channels: 16, kernel: 3, name: "conv0")
    x = network.batchNormReLU(x, name: "bn0")
    x = network.convolution(x, channels: 16, kernel: 3, name: "conv1")
    network.linear(network.globalAveragePool(x), outputs: 4, name: "fc")
    let device = try TestDevice()
    let task = TrainingMemory.Task(network: network, data: tiny.data, recipe: tiny.recipe)
    let whole = try TrainingMemory.fitting(task, on: device.context.info, used: 0)
    #expect(whole.microBatch == 20)
    func trainer(limit: Int) throws -> (Context, Trainer) {
      let context = try device.manager.makeContext(
        on: device.context.device, kernels: device.context.kernels, memoryLimit: limit)
      return (
        context,
        try Trainer(
          network: network, data: tiny.data, recipe: tiny.recipe, seed: 1, context: context)
      )
    }
    let (context, split) = try trainer(limit: whole.totalBytes)
    #expect(split.isSplit && split.microBatch < 20)
    #expect(try split.trainEpoch()?.images == 20)
    #expect(try split.evaluate()?.images == 68)
    #expect(context.peakBytes <= whole.totalBytes)
    let error = #expect(throws: MemoryError.self) { _ = try trainer(limit: 80_000) }
    #expect(error?.available == 80_000)
  }
}
