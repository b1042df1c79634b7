import Randomness

/// The order in which an epoch visits the images: a function of (seed, epoch) only, so that a
/// resumed run continues exactly.
public struct BatchSampler: Sendable {
  /// Number of images.
  public let count: Int
  /// The seed of the run.
  public let seed: UInt64

  /// Keeps the counters of the sampler apart from every other use of the same seed ("SAMP").
  private static let domain: UInt32 = 0x5341_4D50

  /// A sampler of `count` images, 0 to 2^32 - 1 of them.
  public init(count: Int, seed: UInt64) {
    precondition(count >= 0 && UInt32(exactly: count) != nil, "count must fit into 32 bits")
    self.count = count
    self.seed = seed
  }

  /// The indices 0..<count in the order of the 0-based `epoch`, as `[count]`.
  public func permutation(epoch: Int) -> [UInt32] {
    let epoch = UInt64(bitPattern: Int64(epoch))
    var stream = PhiloxStream(
      Philox(seed: seed),
      stream: SIMD3(
        UInt32(truncatingIfNeeded: epoch), UInt32(truncatingIfNeeded: epoch >> 32), Self.domain))
    var order = [UInt32](0..<UInt32(count))
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(stream.next(below: UInt32(last + 1))))
    }
    return order
  }
}
