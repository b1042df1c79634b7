/// Deep supervision (Lee et al., AISTATS 2015).
extension Network {
  /// A loss at a layer in the middle, which only training has.
  package struct SideLoss: Hashable, Sendable {
    /// The layer whose outputs are its logits.
    package let logits: Value
    /// What its gradient is multiplied by.
    package let weight: Double
  }

  /// Adds `weight` times the cross-entropy of a linear layer of all of x to what training minimises.
  ///
  /// The losses that are reported, and evaluations, leave it out.
  public mutating func sideLoss(_ x: Value, weight: Double, classes: Int, name: String) {
    precondition(weight > 0, "side loss \(name)")
    sideLosses.append(SideLoss(logits: linear(x, outputs: classes, name: name), weight: weight))
  }

  /// Whether a layer serves a side loss only.
  package func isSide(_ index: Int) -> Bool {
    sideLosses.contains { $0.logits.index == index }
  }
}
