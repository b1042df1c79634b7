/// The words of a `Philox` one after another: the first word of the counter runs, the others name
/// the stream.
public struct PhiloxStream {
  private let philox: Philox
  private var counter: SIMD4<UInt32>
  private var words = SIMD4<UInt32>()
  private var used = 4

  /// The stream that the counter's upper three words name, from its start.
  public init(_ philox: Philox, stream: SIMD3<UInt32>) {
    self.philox = philox
    counter = SIMD4(0, stream.x, stream.y, stream.z)
  }

  /// The next word.
  public mutating func next() -> UInt32 {
    if used == 4 {
      words = philox(counter)
      counter.x &+= 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }

  /// A number in 0..<bound, all equally likely (Lemire 2019); `bound` is not 0.
  public mutating func next(below bound: UInt32) -> UInt32 {
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
