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
  let queue: Queue
  let executor: Executor
  private let batch: Int
  private var step = 0

  init(
    model: Model, image: ImageShape, classes: Int, batch: Int, mode: PlanMode = .training,
    on context: Context, chooser: any ConfigurationChooser
  ) throws {
    self.batch = batch
    network = model.network(image: image, classes: classes)
    queue = try context.makeQueue()
    let purpose: ParameterStore.Purpose = mode == .training ? .training : .evaluation
    let store = try ParameterStore(
      network: network, for: purpose, context: context, queue: queue)
    try store.initialize(seed: 1)
    let metrics = try MetricsBuffer(context: context, queue: queue)
    let size = try SyntheticSize(
      parsing: "synthetic:\(image):\(classes):\(max(batch, classes))")
    let data = try Dataset.synthetic(size)
    let dataset = try DeviceDataset(
      data.train, mean: data.mean, standardDeviation: data.standardDeviation, context: context,
      queue: queue)
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
    executor = try Executor(
      plan, store: store, external: dataset.buffers(metrics: metrics.buffer), chooser: chooser)
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
