import Autotuner
import Datasets
import DeviceRuntime
import Graph

/// What a trainer has on the device.
struct TrainerParts {
  let memory: TrainingMemory
  let store: ParameterStore
  let dataset: any BatchSource
  let metrics: MetricsBuffer
  let trainingStep: TrainingStep
  let evaluator: Evaluator

  var executors: [Executor] { trainingStep.allExecutors + [evaluator.executor] }

  /// Allocates and builds; `batches` are the numbers of images that steps have.
  init(
    network: Network, data: Dataset, recipe: Recipe, seed: UInt64, batches: [Int],
    context: Context, chooser: any ConfigurationChooser, microBatch: Int?,
    sharesMemory: Bool
  ) throws {
    memory = try TrainingMemory.fitting(
      TrainingMemory.Task(network: network, data: data, recipe: recipe), microBatch: microBatch,
      on: context, chooser: chooser)
    let queue = try context.makeQueue()
    store = try ParameterStore(
      network: network, for: memory.purpose, context: context, queue: queue)
    let normalization = recipe.inputNormalization.constants(
      mean: data.mean, standardDeviation: data.standardDeviation)
    dataset = try makeBatchSource(
      data.train, mean: normalization.mean, standardDeviation: normalization.standardDeviation,
      augmentation: recipe.augmentation, seed: seed, context: context, queue: queue)
    metrics = try MetricsBuffer(context: context, queue: queue)
    let arenas =
      try sharesMemory
      ? memory.arenas.map { try context.makeBuffer(UInt8.self, count: $0) } : nil
    trainingStep = try TrainingStep(
      batches: batches, memory: memory,
      source: ImageSource(data.train, augmentation: recipe.augmentation),
      optimizer: Optimizer(recipe), seed: seed, store: store,
      external: dataset.buffers(metrics: metrics.buffer), chooser: chooser, arenas: arenas,
      sharesMemory: sharesMemory)
    evaluator = try Evaluator(
      data.test, mean: normalization.mean, standardDeviation: normalization.standardDeviation,
      batch: min(recipe.batchSize, memory.microBatch), store: store, chooser: chooser,
      arenas: arenas, sharesMemory: sharesMemory)
  }
}
