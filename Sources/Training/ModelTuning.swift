import Autotuner
import DeviceRuntime
import Graph
import Models
import Operators

/// The operations that a model's training and evaluation have to choose configurations for.
package struct ModelTuning {
  private let network: Network
  private let batch: Int
  private let source: ImageSource
  private let optimizer: Optimizer

  /// What training by `recipe` on `images` training images of a network needs; `areFiles` where
  /// the host decodes them; at most `microBatch` go through it at once.
  package init(
    network: Network, recipe: Recipe, images: Int, areFiles: Bool = false, microBatch: Int = .max
  ) {
    self.network = network
    batch = min(recipe.batchSize, images, microBatch)
    source = ImageSource(
      count: images, areFiles: areFiles, augmentation: recipe.augmentation,
      areWhitened: recipe.inputNormalization == .zca)
    optimizer = Optimizer(recipe)
  }

  /// What training a network with batches of `batch` images needs, whatever the data set.
  package init(network: Network, batch: Int) {
    self.network = network
    self.batch = batch
    source = .dataset(total: batch, augmentation: .none)
    optimizer = Optimizer(.cifar)
  }

  /// Every operation of a training step and of the evaluation of a batch, in their order, each
  /// before those that are nested in what `chooser` picks for it.
  package func instances(
    on device: DeviceInfo, choosing chooser: any ConfigurationChooser
  ) -> [any OperationInstance] {
    let training = ExecutionPlan.training(
      network, batch: batch, source: source, optimizer: optimizer,
      on: device)
    let evaluation = ExecutionPlan.evaluation(network, batch: batch, source: source)
    return (training.steps + evaluation.steps).flatMap {
      [$0.operation] + $0.operation.nested(choosing: chooser, on: device)
    }
  }
}

extension TunedChooser {
  /// The tasks for which nothing is known that fits, without those of little weight.
  ///
  /// `share` is the part of all tasks' weight that a task has at least.
  package func untuned(
    _ tasks: [TuningTask], among operations: [any TunableOperation.Type], on device: DeviceInfo,
    share: Double
  ) throws -> [TuningTask] {
    let total = tasks.reduce(0) { $0 + $1.weight }
    return try tasks.filter { task in
      guard task.weight >= share * total, let instance = task.instance(among: operations) else {
        return false
      }
      return try instance.accept(SourceOfChoice(chooser: self, device: device)).source == .standard
    }
  }

  /// The tasks that have no result of a finished search for exactly this problem and device.
  package func unfinished(
    _ tasks: [TuningTask], among operations: [any TunableOperation.Type], on device: DeviceInfo
  ) throws -> [TuningTask] {
    try tasks.filter { task in
      guard let instance = task.instance(among: operations) else { return false }
      let choice = try instance.accept(SourceOfChoice(chooser: self, device: device))
      return choice.source != .exact || !choice.isComplete
    }
  }
}

private struct SourceOfChoice: OperationVisitor {
  typealias Output = (source: TunedChooser.Source, isComplete: Bool)

  let chooser: TunedChooser
  let device: DeviceInfo

  func visit<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem
  ) -> Output {
    let choice = chooser.choice(for: operation, problem, on: device)
    return (choice.source, choice.isComplete)
  }
}
