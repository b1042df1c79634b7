/// Philox 4x32-10: random numbers as a pure function of a key and a counter.
///
/// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. The kernels' twin is
/// `Kernels/common/philox.clh`; both give the same bits.
public struct Philox: Hashable, Sendable {
  /// The key's two words.
  public var key: (low: UInt32, high: UInt32) {
    (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  /// The seed; its halves are the key.
  public let seed: UInt64

  /// A generator with `seed` as its key.
  public init(seed: UInt64) { self.seed = seed }

  /// The four words at `counter`.
  public func callAsFunction(
    _ c0: UInt32, _ c1: UInt32 = 0, _ c2: UInt32 = 0, _ c3: UInt32 = 0
  ) -> SIMD4<UInt32> {
    var counter = SIMD4(c0, c1, c2, c3)
    var (low, high) = key
    for _ in 0..<10 {
      let (high0, low0) = UInt32(0xd251_1f53).multipliedFullWidth(by: counter.x)
      let (high1, low1) = UInt32(0xcd9e_8d57).multipliedFullWidth(by: counter.z)
      counter = SIMD4(high1 ^ counter.y ^ low, low1, high0 ^ counter.w ^ high, low0)
      low &+= 0x9e37_79b9
      high &+= 0xbb67_ae85
    }
    return counter
  }

  /// A word as a number in [0, 1): its upper 24 bits, exact in single precision.
  public static func uniform(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }
}
