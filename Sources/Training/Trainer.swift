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

  /// Images that go through the network at once, at most: fewer than `batchSize` where the device
  /// has no room for more.
  public let microBatch: Int
  /// Whether batches go in parts, whose gradients add up; batch normalisation then has the
  /// statistics of each part, not of the batch.
  public let isSplit: Bool

  package var store: ParameterStore { parts.store }
  /// Whether the velocities count as never used.
  private var velocitiesAreFresh = true
  private let parts: TrainerParts
  private var dataset: any BatchSource { parts.dataset }
  private var metrics: MetricsBuffer { parts.metrics }
  private let sampler: BatchSampler
  private var orderedEpoch = -1
  private var recorder: StepRecorder?

  /// A trainer of a Wide ResNet on `device`; see `init(network:data:recipe:seed:context:)`.
  public convenience init(
    _ model: WideResNet, data: Dataset, recipe: Recipe, seed: UInt64 = 1,
    microBatch: Int? = nil, on device: Device
  ) throws {
    var model = model
    model.unitGamma = recipe.gammaInitialization == .one
    let image = ImageShape(of: data.train)
    try self.init(
      network: model.network(image: image, classes: data.classes), data: data, recipe: recipe,
      seed: seed, microBatch: microBatch, on: device)
  }

  /// A trainer of any network on `device`, with the tuning results that come with the kernels.
  ///
  /// At most `microBatch` images go through the network at once; by default as many as fit.
  public convenience init(
    network: Network, data: Dataset, recipe: Recipe, seed: UInt64 = 1, microBatch: Int? = nil,
    on device: Device
  ) throws {
    let context = try DeviceManager().makeContext(on: device)
    try self.init(
      network: network, data: data, recipe: recipe, seed: seed, context: context,
      chooser: TunedChooser([TuningDatabase(shippedWith: context.kernels)]),
      microBatch: microBatch, checks: Checks())
  }

  /// Allocates everything on the context's device and draws the starting numbers.
  ///
  /// Data that the recipe wants whitened and that are not yet so are whitened first. Throws
  /// `TrainingError` for a recipe that does not fit the data, `MemoryError` or `CLError`
  /// when the device's memory does not suffice, `CheckError` where the device computes wrongly.
  /// Without `sharesMemory` each tensor has a buffer of its own, which needs much more memory.
  package init(
    network: Network, data: Dataset, recipe: Recipe, seed: UInt64, context: Context,
    chooser: any ConfigurationChooser = DefaultChooser(), microBatch: Int? = nil,
    checks: Checks? = nil, sharesMemory: Bool = true
  ) throws {
    try recipe.check(fits: data)
    let data =
      recipe.inputNormalization == .zca && data.train.values == nil
      ? try data.whitened(by: Whitening(of: data.train)) : data
    let batches = recipe.stepSizes(images: data.train.count)
    stepsPerEpoch = recipe.stepsPerEpoch(images: data.train.count)
    precondition(
      network.image == ImageShape(of: data.train) && network.classes >= data.classes,
      "the network does not fit the data's images")
    self.network = network
    self.recipe = recipe
    self.seed = seed
    sampler = BatchSampler(count: data.train.count, seed: seed)
    let parts = try Checks.checked(checks, on: context, chooser: chooser, executors: \.executors) {
      try TrainerParts(
        network: network, data: data, recipe: recipe, seed: seed, batches: batches,
        context: context, chooser: $0, microBatch: microBatch, sharesMemory: sharesMemory)
    }
    self.microBatch = parts.memory.microBatch
    isSplit = parts.memory.isSplit
    self.parts = parts
    try load()
    try store.initialize(seed: seed)
  }

  /// Copies the images to the device.
  private func load() throws {
    try parts.dataset.load()
    try parts.evaluator.load()
  }

  /// Checks every operation again between two steps; throws `CheckError` where one is wrong now.
  ///
  /// The run goes on from where it was, as if nothing had happened.
  package func checkAgain(_ checks: Checks) throws {
    let (position, tensors) = (try position(), try store.snapshot())
    try checks.checkAgain(parts.executors)
    try load()
    try store.restore(tensors)
    try move(to: position)
  }

  /// Lets reports have each step's own loss; none is waited for.
  package func recordSteps() throws { recorder = try StepRecorder(queue: store.queue) }

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
    /// The steps since the last report, after `recordSteps`.
    package let steps: [TrainedStep]
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
    try recorder?.begin(metrics)
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
      stepsBetweenWaits = max(
        1, min(StepRecorder.capacity, Int(0.5 * Double(stepsSinceWait) / seconds)))
      stepsSinceWait = 0
      lastWait = now
      try report(
        Progress(epoch: epoch + 1, step: step, metrics: current, steps: recorder?.take() ?? []))
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
    try parts.evaluator.evaluate(stop: stop)
  }

  /// The same, with what the network answers to each image.
  func evaluate(
    results: inout TestResults?, stop: () -> Bool
  ) throws -> Metrics? {
    try parts.evaluator.evaluate(results: &results, stop: stop)
  }

  /// The places of a step's images in the epoch's order; nil behind the last step.
  private func places(ofStep step: Int) -> Range<Int>? {
    guard step < stepsPerEpoch else { return nil }
    let first = step * recipe.batchSize
    return first..<min(first + recipe.batchSize, dataset.count)
  }

  private func enqueueStep() throws {
    guard let places = places(ofStep: step) else { preconditionFailure("the epoch is over") }
    let rate = learningRate
    try parts.trainingStep.enqueue(
      places, next: self.places(ofStep: step + 1), from: dataset, number: totalSteps,
      learningRate: rate, firstStep: velocitiesAreFresh)
    try store.queue.flush()
    velocitiesAreFresh = false
    step += 1
    totalSteps += 1
    try recorder?.add(metrics, step: totalSteps, learningRate: rate)
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
