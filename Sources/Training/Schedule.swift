import Foundation

/// How the learning rate changes over the epochs of a run.
public enum Schedule: Hashable, Sendable {
  /// The same rate throughout.
  case constant
  /// The rate is multiplied by `factor` at each of the 1-based `epochs`, which rise.
  case steps(epochs: [Int], factor: Double)
  /// Half a cosine from the base rate to 0, step by step.
  case cosine
  /// A straight line up to the base rate over `warmUp`, a fraction of all steps, then one down.
  ///
  /// It begins at `start` and ends at `end`, both fractions of the base rate.
  case oneCycle(warmUp: Double, start: Double, end: Double)

  /// The learning rate of one step; `epoch` and `step` count from 0.
  ///
  /// `base` is the recipe's rate; `epochs` and `stepsPerEpoch`, both above 0, say how long the run
  /// is. With `dropAtStartOfEpoch` a drop at epoch 60 is seen by the 60th epoch, else by the 61st.
  public func learningRate(
    base: Double, epoch: Int, step: Int, stepsPerEpoch: Int, epochs: Int, dropAtStartOfEpoch: Bool
  ) -> Double {
    precondition(stepsPerEpoch > 0 && epochs > 0, "a run without steps")
    let total = Double(epochs) * Double(stepsPerEpoch)
    let progress = min((Double(epoch) * Double(stepsPerEpoch) + Double(step)) / total, 1)
    switch self {
    case .constant: return base
    case .steps(let drops, let factor):
      let count = drops.count { $0 <= (dropAtStartOfEpoch ? epoch + 1 : epoch) }
      return base * pow(factor, Double(count))
    case .cosine: return base * 0.5 * (1 + cos(.pi * progress))
    case .oneCycle(let warmUp, let start, let end):
      if progress < warmUp { return base * (start + (1 - start) * progress / warmUp) }
      if warmUp >= 1 { return base }
      return base * (1 - (1 - end) * (progress - warmUp) / (1 - warmUp))
    }
  }

  /// Whether the rate drops between the epoch before `epoch`, counted from 0, and `epoch`.
  public func isDrop(epoch: Int, dropAtStartOfEpoch: Bool) -> Bool {
    guard case .steps(let drops, _) = self else { return false }
    return drops.contains(dropAtStartOfEpoch ? epoch + 1 : epoch)
  }

  /// What is wrong with the numbers for a run that begins at `learningRate`; nil when nothing is.
  func problem(learningRate: Double) -> String? {
    switch self {
    case .constant, .cosine: return nil
    case .steps(let epochs, let factor):
      guard epochs.allSatisfy({ $0 >= 1 }), zip(epochs, epochs.dropFirst()).allSatisfy(<) else {
        return "expected epochs that start at 1 and rise, got \(epochs)"
      }
      guard factor > 0, factor.isFinite,
        Float(learningRate * pow(factor, Double(epochs.count))).isFinite
      else {
        return "expected a factor above 0 that keeps the rate finite, got \(factor)"
      }
      return nil
    case .oneCycle(let warmUp, let start, let end):
      for (name, value) in [("warmUp", warmUp), ("start", start), ("end", end)]
      where !(0...1).contains(value) {
        return "expected \(name) within 0 and 1, got \(value)"
      }
      return nil
    }
  }
}

extension Schedule: Codable {
  private enum Kind: String, Codable, CaseIterable {
    case constant, steps, cosine, oneCycle
  }

  private enum Key: String, CodingKey, CaseIterable {
    case kind, epochs, factor, warmUp, start, end
  }

  /// Reads `{"kind": "steps", "epochs": [60, 120], "factor": 0.2}`; other keys are errors.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    switch try values.decode(Kind.self, forKey: .kind) {
    case .constant:
      try decoder.refuseKeys(notIn: [Key.kind])
      self = .constant
    case .cosine:
      try decoder.refuseKeys(notIn: [Key.kind])
      self = .cosine
    case .steps:
      try decoder.refuseKeys(notIn: [Key.kind, .epochs, .factor])
      self = .steps(
        epochs: try values.wholeNumbers(forKey: .epochs),
        factor: try values.decode(Double.self, forKey: .factor))
    case .oneCycle:
      try decoder.refuseKeys(notIn: [Key.kind, .warmUp, .start, .end])
      self = .oneCycle(
        warmUp: try values.decode(Double.self, forKey: .warmUp),
        start: try values.decode(Double.self, forKey: .start),
        end: try values.decode(Double.self, forKey: .end))
    }
  }

  /// Writes the kind and the numbers that belong to it.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    switch self {
    case .constant: try values.encode(Kind.constant, forKey: .kind)
    case .cosine: try values.encode(Kind.cosine, forKey: .kind)
    case .steps(let epochs, let factor):
      try values.encode(Kind.steps, forKey: .kind)
      try values.encode(epochs, forKey: .epochs)
      try values.encode(factor, forKey: .factor)
    case .oneCycle(let warmUp, let start, let end):
      try values.encode(Kind.oneCycle, forKey: .kind)
      try values.encode(warmUp, forKey: .warmUp)
      try values.encode(start, forKey: .start)
      try values.encode(end, forKey: .end)
    }
  }
}
