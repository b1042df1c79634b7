/// Philox 4x32-10: random numbers as a pure function of a key and a counter.
///
/// It has no state, so any number of a sequence can be had directly (Salmon et al., "Parallel random
/// numbers: as easy as 1, 2, 3", SC 2011). The kernels' twin is `Kernels/common/philox.clh`; both
/// give the same bits.
public struct Philox: Hashable, Sendable {
  /// The key: two words that choose the sequence.
  public let key: SIMD2<UInt32>

  /// A generator of the sequence that `key` chooses.
  public init(key: SIMD2<UInt32>) { self.key = key }

  /// A generator keyed by `seed`, low word first.
  public init(seed: UInt64) {
    self.init(key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
  }

  /// The four words at `counter`.
  public func callAsFunction(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var (x0, x1, x2, x3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let first = x0.multipliedFullWidth(by: 0xd251_1f53)
      let second = x2.multipliedFullWidth(by: 0xcd9e_8d57)
      (x0, x1, x2, x3) = (second.high ^ x1 ^ k0, second.low, first.high ^ x3 ^ k1, first.low)
      k0 &+= 0x9e37_79b9
      k1 &+= 0xbb67_ae85
    }
    return SIMD4(x0, x1, x2, x3)
  }

  /// The four words at the counter of these words.
  public func callAsFunction(
    _ c0: UInt32, _ c1: UInt32 = 0, _ c2: UInt32 = 0, _ c3: UInt32 = 0
  ) -> SIMD4<UInt32> {
    self(SIMD4(c0, c1, c2, c3))
  }

  /// A word as a number in [0, 1): its upper 24 bits, exact in single precision.
  public static func uniform(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }
}
