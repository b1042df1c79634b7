import Graph
import Randomness

extension Network {
  /// The branches of stochastic depth that a training step leaves out.
  ///
  /// They follow from seed and step alone, so that a resumed run draws the same.
  package func droppedBranches(seed: UInt64, step: Int) -> Set<Int> {
    let philox = Philox(seed: seed)
    let stream: UInt32 = 0x4445_5054  // apart from dropout and augmentation
    return Set(
      survivals.indices.filter { branch in
        let words = philox(UInt32(branch), stream, UInt32(truncatingIfNeeded: step))
        return Philox.uniform(words.x) >= Float(survivals[branch])
      })
  }
}
