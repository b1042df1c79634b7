/// Which gradients a training step keeps until its last operation.
///
/// A large parameter is updated as soon as its gradient is there, which needs no memory of its own
/// that way and is still in the device's caches. Small ones share one launch at the end.
extension Network {
  /// From so many numbers on, a launch of its own takes less time than the numbers do.
  private static let largeParameter = 1 << 16

  /// Whether the gradient of a parameter is kept; of stochastic depth all are, as a step that
  /// leaves out a branch updates its parameters too, but never those of frozen ones.
  package func keepsGradient(of parameter: Int) -> Bool {
    !frozen.contains(parameter)
      && (!survivals.isEmpty || parameters[parameter].count < Network.largeParameter)
  }

  /// The parameters whose gradients are kept.
  var keptGradients: [Int] { parameters.indices.filter { keepsGradient(of: $0) } }
}
