/// A recipe for another number of epochs.
extension Recipe {
  /// The recipe with another number of epochs, its drops moved in proportion.
  package func scaled(toEpochs epochs: Int) -> Recipe {
    var result = self
    result.epochs = epochs
    if case .steps(let drops, let factor) = schedule, epochs != self.epochs {
      let ratio = Double(epochs) / Double(self.epochs)
      let moved = drops.map { 1 + Int((Double($0 - 1) * ratio).rounded()) }
      // Drops that fall on one epoch are one drop; one before the first epoch is none.
      let kept = Set(moved).filter { $0 > 1 && $0 <= epochs }
      result.schedule = .steps(epochs: kept.sorted(), factor: factor)
    }
    return result
  }

  /// The epochs at which the learning rate drops, in words.
  package var dropsInWords: String {
    if drops.isEmpty { return "no drop of the learning rate" }
    return "drops of the learning rate at epoch"
      + (drops.count == 1 ? " " : "s ") + drops.map(String.init).joined(separator: ", ")
  }

  /// Whether a run by this recipe may go on by another, after `epoch` epochs and `step` steps.
  ///
  /// Another number of epochs is all that may differ, and what follows from it: a schedule of the
  /// same kind whose rates are the same up to here.
  package func continues(
    as other: Recipe, epoch: Int, step: Int, stepsPerEpoch: Int
  ) -> Bool {
    if self == other { return true }
    var rest = self
    (rest.epochs, rest.schedule) = (other.epochs, other.schedule)
    guard rest == other, epochs != other.epochs, schedule.isLike(other.schedule),
      (0...epochs).contains(epoch), stepsPerEpoch > 0
    else { return false }
    return (0...epoch).allSatisfy { number in
      let steps = number < epoch ? stepsPerEpoch : step
      // The first and the last rate of an epoch give all between them, of every schedule.
      return steps == 0
        || resetsMomentum(before: number) == other.resetsMomentum(before: number)
          && [0, steps - 1].allSatisfy {
            learningRate(epoch: number, step: $0, stepsPerEpoch: stepsPerEpoch)
              == other.learningRate(epoch: number, step: $0, stepsPerEpoch: stepsPerEpoch)
          }
    }
  }
}

extension Recipe {
  /// Why a run by `old` does not go on by this recipe: the fields that differ.
  func reasonNotToContinue(_ old: Recipe) -> String {
    var rest = self
    rest.epochs = old.epochs
    return differences(from: old).joined(separator: "; ")
      + (rest == old ? ", on which the rates of its schedule depend" : "")
  }
}

extension Schedule {
  /// Whether only the epochs of drops differ.
  fileprivate func isLike(_ other: Schedule) -> Bool {
    if case .steps(_, let factor) = self, case .steps(_, let otherFactor) = other {
      return factor == otherFactor
    }
    return self == other
  }
}
