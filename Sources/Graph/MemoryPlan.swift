import Autotuner
import DeviceRuntime

/// Where an execution plan's tensors and scratch memory lie on a device, before any is allocated.
package struct MemoryPlan: Sendable {
  /// Places of the tensors that live in the arena, by their index.
  package private(set) var tensors: [Int: MemoryPlanner.Place] = [:]
  /// Places of each step's scratch memory, by its name.
  package private(set) var scratch: [[String: MemoryPlanner.Place]]
  package private(set) var arenaBytes: [Int] = []
  /// Bytes of activations and gradients if none shared memory.
  package private(set) var unsharedBytes = 0

  /// Places for everything; without `sharesMemory` each tensor and scratch has an arena of its own.
  package init(
    _ plan: ExecutionPlan, operations: [OperationPlan], on device: DeviceInfo,
    sharesMemory: Bool = true
  ) throws(MemoryError) {
    scratch = Array(repeating: [:], count: plan.steps.count)
    let lastStep = max(plan.steps.count - 1, 0)
    var lifetimes: [Int: ClosedRange<Int>] = [:]
    for (index, step) in plan.steps.enumerated() {
      for tensor in step.bindings.values {
        let start = lifetimes[tensor]?.lowerBound ?? index
        lifetimes[tensor] = start...index
      }
    }
    var requests: [MemoryPlanner.Request] = []
    var owners: [(tensor: Int?, step: Int, scratch: String)] = []
    for (index, tensor) in plan.tensors.enumerated() {
      let lifetime = lifetimes[index] ?? 0...0
      let whole: ClosedRange<Int>
      switch tensor.storage {
      case .arena: whole = lifetime
      case .input: whole = 0...lastStep
      case .output: whole = lifetime.lowerBound...lastStep
      default: continue
      }
      guard lifetimes[index] != nil else { continue }
      requests.append(
        MemoryPlanner.Request(
          name: tensor.name, bytes: tensor.count * tensor.element.size, lifetime: whole))
      owners.append((index, 0, ""))
    }
    unsharedBytes = requests.reduce(0) { $0 + $1.bytes }
    for (index, operation) in operations.enumerated() {
      for item in operation.scratch {
        requests.append(
          MemoryPlanner.Request(
            name: "\(plan.steps[index].layer) \(item.name)", bytes: 4 * item.count,
            lifetime: index...index))
        owners.append((nil, index, item.name))
      }
    }
    let planner = MemoryPlanner(
      alignment: device.baseAlignment, maxAllocation: device.maxAllocation)
    let result =
      try sharesMemory ? planner.plan(requests) : MemoryPlanner.Result(withoutSharing: requests)
    arenaBytes = result.arenaBytes
    for (owner, place) in zip(owners, result.places) {
      if let tensor = owner.tensor {
        tensors[tensor] = place
      } else {
        scratch[owner.step][owner.scratch] = place
      }
    }
  }
}
