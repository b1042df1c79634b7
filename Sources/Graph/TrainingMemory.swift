import Autotuner
import DeviceRuntime

/// Bytes that training needs on a device, planned before any is allocated.
///
/// The plans of the training steps and of the evaluation share one arena, as they never run at
/// the same time.
package struct TrainingMemory: Sendable {
  /// What is to be trained or evaluated.
  package struct Task: Sendable {
    package var network: Network
    /// Images of the steps there are, of a full one and of an epoch's last one if that is smaller.
    ///
    /// None where nothing is trained.
    package var batches: [Int]
    /// Images that an evaluation takes at once; 0 for none.
    package var evaluationBatch: Int
    package var trainSource: ImageSource = .host
    package var testSource: ImageSource = .host
    /// Bytes of each allocation for images and labels.
    package var images: [Int] = []

    package init(network: Network, batches: [Int], evaluationBatch: Int) {
      precondition(
        !batches.isEmpty || evaluationBatch > 0, "neither training nor an evaluation")
      self.network = network
      self.batches = batches
      self.evaluationBatch = evaluationBatch
    }

    /// Images at once where everything fits.
    package var largest: Int { max(batches.max() ?? 0, evaluationBatch) }
  }

  /// Images that go through the network at once, at most.
  package let microBatch: Int
  /// What the parameters' store is for.
  package let purpose: ParameterStore.Purpose
  /// Activations and gradients if none shared memory.
  package let activationBytes: Int
  /// The arenas they share, scratch memory included.
  package let arenas: [Int]
  /// Parameters, running statistics and, of training, velocities, gradients and their sums.
  package let parameters: [Int]
  /// Images and labels.
  package let images: [Int]

  /// Room for constants and sums, which the plan does not count one by one.
  private static let smallBuffers = 1 << 16
  /// Its constants make no difference to memory.
  private static let optimizer = Optimizer(
    momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 0)

  /// Whether a step's batch goes in parts.
  package var isSplit: Bool { purpose == .trainingInParts }
  package var arenaBytes: Int { arenas.reduce(0, +) }
  package var parameterBytes: Int { parameters.reduce(0, +) }
  package var imageBytes: Int { images.reduce(0, +) }
  package var totalBytes: Int { arenaBytes + parameterBytes + imageBytes }

  /// Plans with at most `microBatch` images at once, whether or not the device has room for it.
  ///
  /// Without a queue of the device, what CLBlast copies is not counted. Throws `MemoryError` where
  /// one tensor is larger than an allocation may be.
  package init(
    _ task: Task, microBatch: Int, on device: DeviceInfo = .planning, queue: Queue? = nil,
    chooser: any ConfigurationChooser = DefaultChooser()
  ) throws {
    let network = task.network
    self.microBatch = min(microBatch, task.largest)
    let purpose: ParameterStore.Purpose =
      task.batches.isEmpty
      ? .evaluation : task.batches.contains { $0 > microBatch } ? .trainingInParts : .training
    self.purpose = purpose
    parameters = ParameterStore.allocations(of: network, for: purpose, on: device)
    images = task.images
    let sizes = Set(
      task.batches.flatMap { BatchSplit(batch: $0, atMost: microBatch).parts })
    var plans = sizes.sorted(by: >).map {
      purpose == .trainingInParts
        ? ExecutionPlan.part(network, batch: $0, source: task.trainSource, on: device)
        : .training(
          network, batch: $0, source: task.trainSource, optimizer: TrainingMemory.optimizer,
          on: device)
    }
    if task.evaluationBatch > 0 {
      plans.append(
        .evaluation(
          network, batch: min(task.evaluationBatch, microBatch), source: task.testSource))
    }
    var arenas: [Int] = []
    var activations = 0
    for plan in plans {
      let operations = try plan.operations(choosing: chooser, on: device, queue: queue)
      let memory = try MemoryPlan(plan, operations: operations.map(\.plan), on: device)
      activations = max(activations, memory.unsharedBytes)
      for (index, bytes) in memory.arenaBytes.enumerated() {
        if index == arenas.count { arenas.append(0) }
        arenas[index] = max(arenas[index], bytes)
      }
    }
    self.arenas = arenas
    activationBytes = activations
  }

  /// Throws where the device, of whose memory `used` bytes are taken, has no room for it.
  package func check(on device: DeviceInfo, used: Int = 0) throws(MemoryError) {
    for (bytes, what) in parameters.map({ ($0, "the parameters in one allocation") })
      + images.map({ ($0, "the images in one allocation") })
    where bytes > device.maxAllocation {
      throw MemoryError(needed: bytes, available: device.maxAllocation, what: what)
    }
    let free = max(0, device.globalMemory - used)
    guard totalBytes <= free - TrainingMemory.smallBuffers else {
      throw MemoryError(
        needed: totalBytes, available: free, what: "\(microBatch) images at once")
    }
  }

  /// The plan with at most `microBatch` images at once or, without a number, with the most that
  /// the context's device has room for: the batch, or its half, or the half of that, and so on.
  ///
  /// Throws `MemoryError` where there is no room, without a number not even for single images.
  package static func fitting(
    _ task: Task, microBatch: Int? = nil, on context: Context,
    chooser: any ConfigurationChooser = DefaultChooser()
  ) throws -> TrainingMemory {
    try fitting(
      task, microBatch: microBatch, on: context.info, queue: context.makeQueue(),
      used: context.allocatedBytes, chooser: chooser)
  }

  /// The same on a device of whose memory `used` bytes are taken; without a queue of it, what CLBlast
  /// copies is not counted.
  package static func fitting(
    _ task: Task, microBatch: Int? = nil, on device: DeviceInfo, queue: Queue? = nil, used: Int,
    chooser: any ConfigurationChooser = DefaultChooser()
  ) throws -> TrainingMemory {
    var images = microBatch ?? task.largest
    while true {
      do {
        let memory = try TrainingMemory(
          task, microBatch: images, on: device, queue: queue, chooser: chooser)
        try memory.check(on: device, used: used)
        return memory
      } catch let error as MemoryError {
        guard microBatch == nil, images > 1 else { throw error }
        images = (images + 1) / 2
      }
    }
  }
}
