/// The counter-based random generator Philox 4x32-10.
///
/// It has no state, so any number of a sequence can be had directly (Salmon and others, 2011).
public struct Philox: Sendable {
  /// The key: two words that choose the sequence.
  public let key: SIMD2<UInt32>

  /// A generator of the sequence that `key` chooses.
  public init(key: SIMD2<UInt32>) {
    self.key = key
  }

  /// A generator keyed by `seed`, low word first.
  public init(seed: UInt64) {
    self.init(key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
  }

  /// The four random words at `counter`.
  public func callAsFunction(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var (x0, x1, x2, x3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let first = x0.multipliedFullWidth(by: 0xD251_1F53)
      let second = x2.multipliedFullWidth(by: 0xCD9E_8D57)
      (x0, x1, x2, x3) = (second.high ^ x1 ^ k0, second.low, first.high ^ x3 ^ k1, first.low)
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return SIMD4(x0, x1, x2, x3)
  }
}

/// The words of a `Philox` one after another: the first word of the counter runs, the others name
/// the stream.
struct PhiloxStream {
  private let philox: Philox
  private var counter: SIMD4<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4

  init(_ philox: Philox, stream: SIMD3<UInt32>) {
    self.philox = philox
    counter = SIMD4(0, stream.x, stream.y, stream.z)
  }

  mutating func next() -> UInt32 {
    if used == 4 {
      words = philox(counter)
      counter.x &+= 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// A number in 0..<bound, all equally likely (Lemire 2019); `bound` is not 0.
  mutating func next(below bound: UInt32) -> UInt32 {
    var product = next().multipliedFullWidth(by: bound)
    if product.low < bound {
      let excess = (0 &- bound) % bound
      while product.low < excess {
        product = next().multipliedFullWidth(by: bound)
      }
    }
    return product.high
  }
}
