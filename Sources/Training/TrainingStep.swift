import Autotuner
import DeviceRuntime
import Graph

/// Enqueues training steps: each batch at once, or in parts whose gradients add up.
///
/// The parts of a batch follow each other in a fixed order, each weighted by its share of the
/// images, and one update follows: the gradient is that of the mean loss over the whole batch. The
/// statistics of batch normalisation are each part's own, and each part moves the running ones.
final class TrainingStep {
  /// Images that go through the network at once, at most.
  private let microBatch: Int
  private let seed: UInt64
  private let network: Network
  /// The executors by the images they take.
  private let executors: [Int: Executor]
  /// All there are.
  var allExecutors: [Executor] {
    executors.sorted { $0.key > $1.key }.map(\.value) + (update.map { [$0] } ?? [])
  }
  /// Of the update after the parts; nil where no batch has parts.
  private let update: Executor?
  /// Parts of the largest batch.
  private let partsAtMost: Int

  /// `batches` are the numbers of images that steps have.
  init(
    batches: [Int], memory: TrainingMemory, source: ImageSource, optimizer: Optimizer,
    seed: UInt64, store: ParameterStore, external: [String: any DeviceBuffer],
    chooser: any ConfigurationChooser, arenas: [Buffer<UInt8>]?, sharesMemory: Bool = true
  ) throws {
    microBatch = memory.microBatch
    self.seed = seed
    let network = store.network
    self.network = network
    let device = store.context.info
    let splits = batches.map { BatchSplit(batch: $0, atMost: memory.microBatch) }
    partsAtMost = splits.map(\.parts.count).max() ?? 1
    var executors: [Int: Executor] = [:]
    for size in Set(splits.flatMap(\.parts)) {
      let plan: ExecutionPlan =
        memory.isSplit
        ? .part(network, batch: size, source: source, on: device)
        : .training(
          network, batch: size, source: source, optimizer: optimizer, on: device)
      executors[size] = try Executor(
        plan, store: store, external: external, chooser: chooser, arenas: arenas,
        sharesMemory: sharesMemory)
    }
    self.executors = executors
    update =
      memory.isSplit
      ? try Executor(
        .update(optimizer, of: network, on: device), store: store, chooser: chooser,
        arenas: arenas, sharesMemory: sharesMemory) : nil
  }

  /// Enqueues the step with the images at `places` of the epoch's order.
  ///
  /// `next` are those of the step behind it; `number` counts the steps of the run.
  func enqueue(
    _ places: Range<Int>, next: Range<Int>?, from dataset: any BatchSource, number: Int,
    learningRate: Double, firstStep: Bool
  ) throws {
    var scalars = StepScalars(
      first: 0, valid: 0, seed: seed, step: number, learningRate: learningRate,
      firstStep: firstStep)
    let parts = self.parts(of: places)
    // The same branches in every part.
    let dropped = network.droppedBranches(seed: seed, step: number)
    let following =
      parts.dropFirst().map(Optional.some) + [next.flatMap { self.parts(of: $0).first }]
    for (index, (part, next)) in zip(parts, following).enumerated() {
      guard let executor = executors[part.count] else {
        preconditionFailure("no plan for \(part.count) images")
      }
      try dataset.provide(part, slots: part.count, next: next, to: executor)
      scalars.first = part.lowerBound
      scalars.valid = part.count
      // Every part draws random numbers of its own.
      scalars.step = number * partsAtMost + index
      scalars.weight = Double(part.count) / Double(places.count)
      scalars.firstPart = index == 0
      try executor.enqueue(scalars: scalars.values, dropped: dropped)
    }
    try update?.enqueue(scalars: scalars.values)
  }

  private func parts(of places: Range<Int>) -> [Range<Int>] {
    BatchSplit(batch: places.count, atMost: microBatch).places(in: places)
  }
}
