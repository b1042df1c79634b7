import Autotuner
import Datasets
import DeviceRuntime
import Dispatch
import Graph
import Models
import Operators

/// Trains a network on a data set by a recipe, step by step, with the same bits for the same seed.
///
///     let trainer = try Trainer(model, data: data, recipe: .quick, on: device)
///     while !trainer.isFinished { print(try trainer.trainEpoch()) }
public final class Trainer {
  /// The network that is trained.
  public let network: Network
  /// The recipe that is followed.
  public let recipe: Recipe
  /// The seed of everything random.
  public let seed: UInt64
  /// Training images a step.
  public var batchSize: Int { recipe.batchSize }
  /// Steps of an epoch.
  public let stepsPerEpoch: Int
  /// Epochs that are done.
  public private(set) var epoch = 0
  /// Steps that are done in the current epoch.
  public private(set) var step = 0
  /// Steps that are done in all.
  public private(set) var totalSteps = 0

  package let store: ParameterStore
  /// Whether the velocities count as never used.
  private var velocitiesAreFresh = true
  private let dataset: any BatchSource
  private let metrics: MetricsBuffer
  private let executor: Executor
  /// Of the epoch's last batch, where it is smaller and not dropped.
  private let lastExecutor: Executor?
  private let lastBatch: Int
  private let evaluator: Evaluator
  private let sampler: BatchSampler
  private var orderedEpoch = -1

  /// A trainer of a Wide ResNet on `device`; see `init(network:data:recipe:seed:context:)`.
  public convenience init(
    _ model: WideResNet, data: Dataset, recipe: Recipe, seed: UInt64 = 1, on device: Device
  ) throws {
    var model = model
    model.unitGamma = recipe.gammaInitialization == .one
    let image = ImageShape(
      height: data.train.height, width: data.train.width, channels: data.train.channels)
    try self.init(
      network: model.network(image: image, classes: data.classes), data: data, recipe: recipe,
      seed: seed, on: device)
  }

  /// A trainer of any network on `device`, with the tuning results that come with the kernels.
  public convenience init(
    network: Network, data: Dataset, recipe: Recipe, seed: UInt64 = 1, on device: Device
  ) throws {
    let context = try DeviceManager().makeContext(on: device)
    try self.init(
      network: network, data: data, recipe: recipe, seed: seed, context: context,
      chooser: TunedChooser([TuningDatabase(shippedWith: context.kernels)]))
  }

  /// Allocates everything on the context's device and draws the starting numbers.
  ///
  /// Throws `TrainingError` for a recipe that does not fit the data, `MemoryError` or `CLError`
  /// when the device's memory does not suffice.
  package init(
    network: Network, data: Dataset, recipe: Recipe, seed: UInt64, context: Context,
    chooser: any ConfigurationChooser = DefaultChooser()
  ) throws {
    try recipe.validate()
    let count = data.train.count
    let fullBatches = count / recipe.batchSize
    lastBatch = recipe.dropLastBatch ? 0 : count % recipe.batchSize
    stepsPerEpoch = fullBatches + (lastBatch > 0 ? 1 : 0)
    guard stepsPerEpoch > 0 else {
      throw TrainingError(
        .usage, "batch size \(recipe.batchSize)",
        why: "there are only \(count) training images and the last partial batch is dropped",
        advice: "give a smaller --batch")
    }
    guard data.test.count > 0 else {
      throw TrainingError(
        .usage, "data set \(data.name)", why: "it has no test images",
        advice: "give one that training can be tested on")
    }
    let image = network.image
    guard recipe.augmentation.pad < min(image.height, image.width) else {
      throw TrainingError(
        .usage, "augmentation", why: "padding by \(recipe.augmentation.pad) needs larger images",
        advice: "give a smaller pad than \(min(image.height, image.width))")
    }
    precondition(
      image
        == ImageShape(
          height: data.train.height, width: data.train.width, channels: data.train.channels)
        && network.classes >= data.classes,
      "the network does not fit the data's images")
    self.network = network
    self.recipe = recipe
    self.seed = seed
    sampler = BatchSampler(count: count, seed: seed)
    let queue = try context.makeQueue()
    let paddedParameters = ParameterStore.paddedCount(of: network, on: context.info)
    let source = ImageSource(data.train, augmentation: recipe.augmentation)
    func plan(batch: Int) -> ExecutionPlan {
      .training(
        network, batch: batch, source: source, optimizer: Optimizer(recipe),
        paddedParameters: paddedParameters)
    }
    store = try ParameterStore(network: network, context: context, queue: queue)
    let normalization = recipe.inputNormalization.constants(of: data)
    dataset = try makeBatchSource(
      data.train, mean: normalization.mean, standardDeviation: normalization.standardDeviation,
      augmentation: recipe.augmentation, seed: seed, context: context, queue: queue)
    metrics = try MetricsBuffer(context: context, queue: queue)
    let external = dataset.buffers(metrics: metrics.buffer)
    let last =
      lastBatch > 0
      ? try Executor(
        plan(batch: lastBatch), store: store, external: external, chooser: chooser) : nil
    lastExecutor = last
    executor =
      fullBatches > 0
      ? try Executor(
        plan(batch: recipe.batchSize), store: store, external: external, chooser: chooser)
      : try Executor(plan(batch: lastBatch), store: store, external: external, chooser: chooser)
    evaluator = try Evaluator(
      data.test, mean: normalization.mean, standardDeviation: normalization.standardDeviation,
      batch: recipe.batchSize, store: store, chooser: chooser)
    try store.initialize(seed: seed)
  }

  /// Whether all epochs of the recipe are done.
  public var isFinished: Bool { epoch >= recipe.epochs }

  /// The learning rate of the next step.
  public var learningRate: Double {
    recipe.learningRate(epoch: epoch, step: step, stepsPerEpoch: stepsPerEpoch)
  }

  /// What `trainEpoch` reports now and then.
  public struct Progress: Sendable {
    /// The current epoch, from 1.
    public let epoch: Int
    /// Steps done in it.
    public let step: Int
    /// Loss and error over the epoch so far.
    public let metrics: Metrics
  }

  /// Trains to the end of the current epoch and returns loss and error over its images.
  ///
  /// About twice a second it waits for the device, calls `report`, and asks `stop`: nil is
  /// returned when that says so, and the epoch can be continued. Throws
  /// `TrainingError.diverged` when the loss is not finite any more.
  @discardableResult
  public func trainEpoch(
    report: (Progress) throws -> Void = { _ in }, stop: () -> Bool = { false }
  ) throws -> Metrics? {
    precondition(!isFinished, "all epochs are done")
    if orderedEpoch != epoch {
      try dataset.begin(epoch: epoch, order: sampler.permutation(epoch: epoch))
      orderedEpoch = epoch
    }
    if step == 0 {
      try metrics.reset()
      if recipe.resetsMomentum(before: epoch) { velocitiesAreFresh = true }
    }
    var stepsBetweenWaits = 1
    var stepsSinceWait = 0
    var lastWait = DispatchTime.now().uptimeNanoseconds
    while step < stepsPerEpoch {
      try enqueueStep()
      stepsSinceWait += 1
      guard stepsSinceWait == stepsBetweenWaits || step == stepsPerEpoch else { continue }
      let current = try metrics.metrics()
      guard current.loss.isFinite else { throw diverged }
      let now = DispatchTime.now().uptimeNanoseconds
      // As many steps as take about half a second.
      let seconds = max(1e-6, Double(now - lastWait) * 1e-9)
      stepsBetweenWaits = max(1, min(64, Int(0.5 * Double(stepsSinceWait) / seconds)))
      stepsSinceWait = 0
      lastWait = now
      try report(Progress(epoch: epoch + 1, step: step, metrics: current))
      if step < stepsPerEpoch && stop() { return nil }
    }
    let result = try metrics.metrics()
    guard result.loss.isFinite else { throw diverged }
    epoch += 1
    step = 0
    return result
  }

  /// Loss and error over the test images; nil when `stop` asks to stop.
  public func evaluate(stop: () -> Bool = { false }) throws -> Metrics? {
    try evaluator.evaluate(stop: stop)
  }

  /// The same, with what the network answers to each image.
  func evaluate(
    results: inout TestResults?, stop: () -> Bool
  ) throws -> Metrics? {
    try evaluator.evaluate(results: &results, stop: stop)
  }

  /// The places of a step's images in the epoch's order.
  private func places(ofStep step: Int) -> Range<Int> {
    let isLast = lastBatch > 0 && step == stepsPerEpoch - 1
    let first = step * recipe.batchSize
    return first..<first + (isLast ? lastBatch : recipe.batchSize)
  }

  private func enqueueStep() throws {
    let isLast = lastBatch > 0 && step == stepsPerEpoch - 1
    let executor = isLast ? lastExecutor ?? executor : executor
    let places = places(ofStep: step)
    try dataset.provide(
      places, slots: places.count,
      next: step + 1 < stepsPerEpoch ? self.places(ofStep: step + 1) : nil, to: executor)
    let scalars = StepScalars(
      first: places.lowerBound, valid: places.count, seed: seed,
      step: totalSteps, learningRate: learningRate, firstStep: velocitiesAreFresh)
    try executor.enqueue(
      scalars: scalars.values, dropped: network.droppedBranches(seed: seed, step: totalSteps))
    try store.queue.flush()
    velocitiesAreFresh = false
    step += 1
    totalSteps += 1
  }

  private var diverged: TrainingError {
    .diverged("the loss is not finite in epoch \(epoch + 1), step \(step)")
  }
}

extension Trainer {
  /// Where a run stands between two steps.
  package struct Position: Hashable, Sendable {
    package var epoch: Int
    package var step: Int
    package var totalSteps: Int
    package var velocitiesAreFresh: Bool
    /// The loss kernel's sums over the current epoch.
    package var metrics: [Float]
  }

  /// Where the run stands; waits for the device.
  package func position() throws(CLError) -> Position {
    Position(
      epoch: epoch, step: step, totalSteps: totalSteps, velocitiesAreFresh: velocitiesAreFresh,
      metrics: try metrics.read())
  }

  /// Continues from a position; the store's tensors are the caller's to restore.
  package func move(to position: Position) throws(CLError) {
    epoch = position.epoch
    step = position.step
    totalSteps = position.totalSteps
    velocitiesAreFresh = position.velocitiesAreFresh
    try metrics.write(position.metrics)
    orderedEpoch = -1
  }
}

extension TrainingError {
  /// A run whose numbers are of no use any more; nothing of it is saved.
  static func diverged(_ why: String) -> TrainingError {
    TrainingError(
      .badData, "training", why: why, advice: "lower --lr; the checkpoint before it is kept")
  }
}

extension Optimizer {
  /// The constants of a recipe.
  init(_ recipe: Recipe) {
    self.init(
      momentum: Float(recipe.momentum), dampening: Float(recipe.dampening),
      nesterov: recipe.nesterov, weightDecay: Float(recipe.weightDecay))
  }
}

extension Recipe.InputNormalization {
  /// Mean and standard deviation for each channel, in bytes.
  package func constants(of data: Dataset) -> (mean: [Float], standardDeviation: [Float]) {
    switch self {
    case .meanStd: (data.mean, data.standardDeviation)
    case .divideBy255:
      (data.mean.map { _ in 0 }, data.mean.map { _ in 255 })
    }
  }
}
