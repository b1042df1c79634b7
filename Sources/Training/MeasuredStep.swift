import Autotuner
import Datasets
import DeviceRuntime
import Graph
import Models
import Operators

/// A model's training step, or its inference, on random images, ready to be enqueued again and
/// again.
final class MeasuredStep {
  let network: Network
  let executor: Executor
  var queue: Queue { executor.store.queue }
  private let batch: Int
  private var step = 0

  init(
    model: Model, image: ImageShape, classes: Int, batch: Int, mode: PlanMode = .training,
    on context: Context, chooser: any ConfigurationChooser, checks: Checks? = nil
  ) throws {
    self.batch = batch
    let network = model.network(image: image, classes: classes)
    self.network = network
    let purpose: ParameterStore.Purpose = mode == .training ? .training : .evaluation
    let size = try SyntheticSize(
      parsing: "synthetic:\(image):\(classes):\(max(batch, classes))")
    let data = try Dataset.synthetic(size)
    let total = data.train.count
    let plan: ExecutionPlan =
      switch mode {
      case .training:
        .training(
          network, batch: batch,
          source: .dataset(
            total: total, augmentation: Augmentation(flip: true, pad: 0, padMode: .reflect)),
          optimizer: Optimizer(.cifar),
          on: context.info)
      case .evaluation:
        .evaluation(
          network, batch: batch, source: .dataset(total: total, augmentation: .none))
      }
    let (executor, dataset) = try Checks.checked(
      checks, on: context, chooser: chooser, executors: { [$0.0] }
    ) { chooser in
      let queue = try context.makeQueue()
      let store = try ParameterStore(
        network: network, for: purpose, context: context, queue: queue)
      let dataset = try DeviceDataset(
        data.train, mean: data.mean, standardDeviation: data.standardDeviation, context: context,
        queue: queue)
      let metrics = try MetricsBuffer(context: context, queue: queue)
      let executor = try Executor(
        plan, store: store, external: dataset.buffers(metrics: metrics.buffer), chooser: chooser)
      return (executor, dataset)
    }
    self.executor = executor
    try dataset.load()
    try executor.store.initialize(seed: 1)
  }

  /// Enqueues a step without waiting.
  func enqueue() throws(CLError) {
    // A small rate: random images must not blow up in a long measurement.
    try executor.enqueue(
      scalars: StepScalars(
        first: 0, valid: batch, seed: 1, step: step, learningRate: 1e-4, firstStep: step == 0
      ).values, dropped: network.droppedBranches(seed: 1, step: step))
    step += 1
  }
}
