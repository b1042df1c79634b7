import Randomness

/// The flips and crops of a batch's slots, as the kernel draws them.
package struct AugmentDraws {
  package let problem: Augment.Problem
  package let seed: UInt64
  package let step: UInt32

  package init(problem: Augment.Problem, seed: UInt64, step: UInt32) {
    self.problem = problem
    self.seed = seed
    self.step = step
  }

  /// What happens to one slot's image.
  package struct Draw {
    let problem: Augment.Problem
    package let flipped: Bool
    /// The crop's first row and column in the padded image, 0...2·pad.
    package let top: Int
    package let left: Int

    /// The pixel of the original image that comes to (row, column); nil for padding with zeros.
    package func source(row: Int, column: Int) -> (row: Int, column: Int)? {
      guard let fromRow = position(row + top, size: problem.height),
        let padded = position(column + left, size: problem.width)
      else { return nil }
      return (fromRow, flipped ? problem.width - 1 - padded : padded)
    }

    private func position(_ padded: Int, size: Int) -> Int? {
      let at = padded - problem.pad
      if (0..<size).contains(at) { return at }
      guard problem.padMode == .reflect else { return nil }
      return at < 0 ? -at : 2 * (size - 1) - at
    }
  }

  package subscript(slot: Int) -> Draw {
    let words = Philox(seed: seed)(UInt32(slot), 0x4155_4721, step, 0)
    let offsets = UInt32(2 * problem.pad + 1)
    return Draw(
      problem: problem, flipped: problem.flip && words[0] >> 31 == 1,
      top: Int(words[1].multipliedFullWidth(by: offsets).high),
      left: Int(words[2].multipliedFullWidth(by: offsets).high))
  }
}
