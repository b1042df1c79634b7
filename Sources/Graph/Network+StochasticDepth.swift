/// Stochastic depth (Huang et al., ECCV 2016).
extension Network {
  /// A branch of convolutions and batch normalisations that training steps leave out at random.
  ///
  /// It takes part with probability `survival`; otherwise its parameters get no gradient, its
  /// running statistics stay, and nothing of it is computed. In evaluation it always takes part,
  /// times `survival`. What `build` returns is to be the first operand of one `addReLU`.
  public mutating func branch(
    survival: Double, _ build: (inout Network) -> Value
  ) -> Value {
    precondition(survival > 0 && survival <= 1, "a branch that survives with \(survival)")
    guard survival < 1 else { return build(&self) }
    beginBranch(survival: survival)
    defer { endBranch() }
    return build(&self)
  }
}
