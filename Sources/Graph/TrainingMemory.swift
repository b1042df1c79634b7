import Autotuner
import DeviceRuntime

/// Bytes that a training step needs, planned without a device.
package struct TrainingMemory: Sendable {
  /// Activations and gradients if none shared memory.
  package let activationBytes: Int
  /// The arena they share, scratch memory included.
  package let arenaBytes: Int

  /// Plans for a CPU with plenty of memory and the default configurations.
  package init(network: Network, batch: Int) throws(MemoryError) {
    let device = DeviceInfo.planning
    let plan = ExecutionPlan.training(
      network, batch: batch, source: .host,
      optimizer: Optimizer(momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 5e-4),
      paddedParameters: ParameterStore.paddedCount(of: network, on: device))
    let memory = try MemoryPlan(
      plan,
      operations: plan.steps.map {
        $0.operation.plan(choosing: DefaultChooser(), on: device).plan
      }, on: device)
    activationBytes = memory.unsharedBytes
    arenaBytes = memory.arenaBytes.reduce(0, +)
  }
}
