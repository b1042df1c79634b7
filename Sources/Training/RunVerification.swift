import Autotuner
import Datasets
import DeviceRuntime
import Graph
import Models

/// Everything that a training run and its evaluation launch, checked on the device, and a step with
/// every tensor in a buffer of its own beside one whose tensors share memory.
package struct RunVerification: Encodable, Sendable {
  package var checks: [Checks.Outcome]
  /// Whether both kinds of step give the same bits; nil where the device has no room for tensors
  /// that share no memory.
  package var sameBits: Bool?

  package var passed: Bool {
    !checks.contains { $0.failure != nil } && sameBits != false
  }

  /// Checks what training `network` by `recipe` launches, and makes a step in both ways.
  ///
  /// Configurations that are wrong are among the outcomes;
  /// those that the chooser gives in their place are used for the step.
  package static func run(
    network: Network, data: Dataset, recipe: Recipe, context: Context,
    chooser: any ConfigurationChooser, checks: Checks
  ) throws -> RunVerification {
    func tensors(_ checks: Checks?, sharesMemory: Bool) throws -> [[Float]] {
      let trainer = try Trainer(
        network: network, data: data, recipe: recipe, seed: 1, context: context,
        chooser: chooser, checks: checks, sharesMemory: sharesMemory)
      try trainer.trainEpoch(stop: { true })
      return try trainer.store.snapshot() + [trainer.position().metrics]
    }
    let shared = try tensors(checks, sharesMemory: true)
    let separate: [[Float]]?
    do { separate = try tensors(checks, sharesMemory: false) } catch let error as CLError
      where error.isOutOfMemory
    { separate = nil }
    func bits(_ tensors: [[Float]]) -> [[UInt32]] { tensors.map { $0.map(\.bitPattern) } }
    return RunVerification(
      checks: checks.outcomes, sameBits: separate.map { bits($0) == bits(shared) })
  }
}
