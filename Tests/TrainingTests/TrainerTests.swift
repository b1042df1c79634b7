import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models
import TestSupport
import Testing
import Training

@Suite(.serialized)
struct TrainerTests {
  @Test(arguments: [true, false])
  func sameSeedGivesTheSameBits(dropLastBatch: Bool) throws {
    var tiny = try TinyRun()
    tiny.recipe.dropLastBatch = dropLastBatch
    let first = try tiny.trainer()
    let second = try tiny.trainer(on: TestDevice().context)
    tiny.seed += 1
    let other = try tiny.trainer()
    #expect(first.stepsPerEpoch == (dropLastBatch ? 5 : 6))
    for _ in 0..<2 {
      let metrics = try first.trainEpoch()
      #expect(metrics?.images == (dropLastBatch ? 20 : 23))
      #expect(try second.trainEpoch() == metrics)
      #expect(try other.trainEpoch() != metrics)
    }
    #expect(try first.bits == second.bits)
    #expect(try first.bits != other.bits)
    #expect(try first.evaluate() == second.evaluate())
  }

  /// The seed decides about the order of the images too, not only about the start.
  @Test func seedDecidesAboutTheOrder() throws {
    var tiny = try TinyRun()
    tiny.model.dropout = 0
    tiny.recipe.augmentation = .none
    let first = try tiny.trainer()
    tiny.seed += 1
    let second = try tiny.trainer()
    for kind in [ParameterStore.Kind.parameter, .state] {
      for (index, tensor) in try first.store.read(kind).enumerated() {
        try second.store.write(kind, at: index, tensor.values)
      }
    }
    #expect(try first.bits == second.bits)
    #expect(try first.trainEpoch() != second.trainEpoch())
  }

  @Test func momentumStartsAnewAtADrop() throws {
    var tiny = try TinyRun()
    let reset = try tiny.trainer()
    tiny.recipe.resetMomentumAtDrop = false
    let kept = try tiny.trainer()
    let resetByHand = try tiny.trainer()
    for trainer in [reset, kept, resetByHand] { try trainer.trainEpoch() }
    #expect(try reset.bits == kept.bits)
    var position = try resetByHand.position()
    #expect(!position.velocitiesAreFresh)
    position.velocitiesAreFresh = true
    try resetByHand.move(to: position)
    for trainer in [reset, kept, resetByHand] { try trainer.trainEpoch() }
    #expect(try reset.bits != kept.bits)
    #expect(try reset.bits == resetByHand.bits)
  }

  @Test func overfitsAFewImages() throws {
    var tiny = try TinyRun()
    tiny.model.dropout = 0
    tiny.data = try TinyRun.images(classes: 10, train: 64, test: 64)
    tiny.recipe.augmentation = .none
    tiny.recipe.epochs = 30
    tiny.recipe.learningRate = 0.1
    tiny.recipe.schedule = .cosine
    let trainer = try tiny.trainer()
    let start = try trainer.evaluate()
    var last: Metrics?
    while !trainer.isFinished { last = try trainer.trainEpoch() }
    #expect(start?.error ?? 0 > 50)
    #expect(last?.error ?? 100 < 5)
    // The test images are the training images: running statistics must serve as well.
    #expect(try trainer.evaluate()?.error ?? 100 < 5)
  }

  @Test func batchesLargerThanTheDataAreRefusedUnlessTheRestCounts() throws {
    var tiny = try TinyRun()
    tiny.data = try TinyRun.images(classes: 4, train: 4, test: 4)
    tiny.recipe.batchSize = 5
    let error = #expect(throws: TrainingError.self) { _ = try tiny.trainer() }
    #expect(error?.exitStatus == 64)
    tiny.recipe.dropLastBatch = false
    let trainer = try tiny.trainer()
    #expect(trainer.stepsPerEpoch == 1)
    #expect(try trainer.trainEpoch()?.images == 4)
    #expect(try trainer.evaluate()?.images == 4)
  }

  @Test func paddingAsLargeAsTheImageIsRefused() throws {
    var tiny = try TinyRun()
    tiny.recipe.augmentation.pad = 8
    let error = #expect(throws: TrainingError.self) { _ = try tiny.trainer() }
    #expect(error?.exitStatus == 64)
  }

  @Test func nothingOfOpenCLOutlivesATrainer() throws {
    let manager: DeviceManager
    do {
      let device = try TestDevice()
      manager = device.manager
      let trainer = try TinyRun().trainer(on: device.context)
      try trainer.trainEpoch()
      #expect(try trainer.evaluate() != nil)
      withExtendedLifetime(trainer) { #expect(manager.ledger.alive["kernel"] ?? 0 > 0) }
    }
    #expect(manager.ledger.alive.isEmpty, "\(manager.ledger.alive)")
  }
}
