import Autotuner
import DeviceRuntime
import Operators

/// Runs an execution plan on a device, again and again.
///
/// Everything is allocated, built and bound when it is made; a run only enqueues.
package final class Executor {
  package let plan: ExecutionPlan
  package let memory: MemoryPlan
  /// Each step's launches and configuration.
  package let planned: [PlannedOperation]
  /// How CLBlast computes products that do not say so themselves.
  let products: BLAS.Parameters
  let chooser: any ConfigurationChooser
  package let store: ParameterStore
  private let arenas: [Buffer<UInt8>]
  private var buffers: [any DeviceBuffer] = []
  private(set) var operations: [BoundOperation] = []

  /// The text of each step's configuration.
  package var configurations: [String] { planned.map(\.configuration) }

  /// Allocates and builds; `external` has the plan's external tensors by name.
  ///
  /// Executors that never run at the same time, and whose results nobody reads after another's
  /// run, may share `arenas`, each as large as the largest plan needs; by default an executor has
  /// its own. Without `sharesMemory` each tensor has a buffer of its own.
  package init(
    _ plan: ExecutionPlan, store: ParameterStore, external: [String: any DeviceBuffer] = [:],
    chooser: any ConfigurationChooser = DefaultChooser(), arenas: [Buffer<UInt8>]? = nil,
    sharesMemory: Bool = true
  ) throws {
    self.plan = plan
    self.store = store
    self.chooser = chooser
    let context = store.context
    let planned = try plan.operations(choosing: chooser, on: context.info, queue: store.queue)
    self.planned = planned
    products = chooser.productParameters(on: context.info)
    memory = try MemoryPlan(
      plan, operations: planned.map(\.plan), on: context.info, sharesMemory: sharesMemory)
    self.arenas =
      try arenas ?? memory.arenaBytes.map { try context.makeBuffer(UInt8.self, count: $0) }
    precondition(
      zip(self.arenas, memory.arenaBytes).allSatisfy { $0.byteCount >= $1 }
        && self.arenas.count >= memory.arenaBytes.count, "shared arenas that are too small")
    for (index, tensor) in plan.tensors.enumerated() {
      buffers.append(try buffer(of: tensor, at: index, external: external))
    }
    context.compileAhead(
      planned.flatMap(\.plan.builds),
      bytes: (buffers.map(\.byteCount) + memory.arenaBytes).max() ?? 0)
    for (index, step) in plan.steps.enumerated() {
      context.report(Preparation(.compiling, done: index, of: plan.steps.count))
      var bound = step.bindings.mapValues { buffers[$0] }
      for scratch in planned[index].plan.scratch {
        guard let place = memory.scratch[index][scratch.name] else {
          preconditionFailure("no place for \(scratch.name) of \(step.layer)")
        }
        bound[scratch.name] = try self.arenas[place.arena].part(
          of: Float.self, byteOffset: place.offset, count: scratch.count)
      }
      operations.append(
        try BoundOperation(
          name: "\(step.layer) \(step.operation.name)", plan: planned[index].plan, buffers: bound,
          context: context, products: products))
    }
    context.report(Preparation(.compiling, done: plan.steps.count, of: plan.steps.count))
  }

  /// Enqueues every operation without waiting, but those of `dropped` branches.
  package func enqueue(
    scalars: DynamicScalars = [:], dropped: Set<Int> = []
  ) throws(CLError) {
    for (step, operation) in zip(plan.steps, operations) {
      switch step.condition {
      case .survives(let branch) where dropped.contains(branch): continue
      case .dropped(let branch) where !dropped.contains(branch): continue
      default: break
      }
      try operation.enqueue(
        on: store.queue,
        scalars: step.scalars.isEmpty
          ? scalars : scalars.merging(step.scalars) { _, own in own })
    }
  }

  /// The values of a tensor of floats with storage `input` or `output`, by its name.
  package func read(_ name: String) throws(CLError) -> [Float] {
    try floats(name).read(on: store.queue)
  }

  /// Sets a tensor of floats with storage `input`, by its name.
  package func write(_ name: String, _ values: [Float]) throws(CLError) {
    try floats(name).write(values, on: store.queue)
  }

  /// Sets a tensor of integers with storage `input`, by its name.
  package func write(_ name: String, _ values: [Int32]) throws(CLError) {
    guard let index = plan.index(ofTensor: name), let buffer = buffers[index] as? Buffer<Int32>
    else { preconditionFailure("no tensor of integers '\(name)'") }
    try buffer.write(values, on: store.queue)
  }

  /// The values of a tensor of floats that is kept, by its index in the plan.
  package func read(tensor index: Int) throws(CLError) -> [Float] {
    guard let buffer = buffers[index] as? Buffer<Float> else {
      preconditionFailure("\(plan.tensors[index].name) is not of floats")
    }
    return try buffer.read(on: store.queue)
  }

  private func floats(_ name: String) -> Buffer<Float> {
    guard let index = plan.index(ofTensor: name), let buffer = buffers[index] as? Buffer<Float>
    else { preconditionFailure("no tensor of floats '\(name)'") }
    return buffer
  }

  private func buffer(
    of tensor: ExecutionPlan.Tensor, at index: Int, external: [String: any DeviceBuffer]
  ) throws(CLError) -> any DeviceBuffer {
    switch tensor.storage {
    case .parameter(let index): return store.parameters[index]
    case .velocity(let index): return ParameterStore.held(store.velocities)[index]
    case .gradient(let index): return ParameterStore.held(store.gradients)[index]
    case .state(let index): return store.states[index]
    case .allParameters: return store.parameters.whole
    case .allGradients: return ParameterStore.held(store.gradients).whole
    case .allVelocities: return ParameterStore.held(store.velocities).whole
    case .allGradientSums: return ParameterStore.held(store.gradientSums).whole
    case .external(let name):
      guard let buffer = external[name] else { preconditionFailure("nothing bound to '\(name)'") }
      return buffer
    case .arena, .input, .output:
      guard let place = memory.tensors[index] else {
        preconditionFailure("no operation uses '\(tensor.name)'")
      }
      return try arenas[place.arena].part(
        of: tensor.element, byteOffset: place.offset, count: tensor.count)
    }
  }
}
