import Randomness

/// The part of each class's images that is kept for testing, where a folder has none to test with.
///
/// Which they are depends on the seed and the names of the files in their class, so that other files
/// that come or go hardly change it.
public struct HeldOut: Hashable, Codable, Sendable, CustomStringConvertible {
  /// The share of a class's images, 1 to 99.
  public let percent: Int
  /// What they are drawn by.
  public let seed: UInt64

  /// A fifth.
  public static let usual = HeldOut(percent: 20, seed: 1)

  /// Keeps the draws apart from every other use of the same seed ("HELD").
  private static let domain: UInt32 = 0x4845_4C44

  /// `percent` of a class's images, drawn by `seed`.
  public init(percent: Int, seed: UInt64) {
    precondition((1...99).contains(percent), "a share leaves some and takes some")
    self.percent = percent
    self.seed = seed
  }

  /// Reads both numbers; a share that is none is an error.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    percent = try container.decode(Int.self, forKey: .percent)
    seed = try container.decode(UInt64.self, forKey: .seed)
    guard (1...99).contains(percent) else {
      throw DecodingError.dataCorruptedError(
        forKey: .percent, in: container, debugDescription: "not 1 to 99")
    }
  }

  /// What is done, in words.
  public var description: String {
    "there is no folder val or test: \(percent) % of each class, drawn by seed \(seed), are the test "
      + "images"
  }

  /// The images of one class that are kept, of two or more: at least one is, and one is not.
  func chosen(from names: [[UInt8]], of className: String) -> Set<Int> {
    precondition(names.count > 1, "images for both splits")
    let count = min(max((names.count * percent + 50) / 100, 1), names.count - 1)
    let philox = Philox(seed: seed)
    let ranks = names.map { name in
      // FNV-1a: the draw mixes it.
      let hash = (Array(className.utf8) + [0] + name).reduce(0xcbf2_9ce4_8422_2325) {
        (hash: UInt64, byte) in (hash ^ UInt64(byte)) &* 0x100_0000_01b3
      }
      var stream = PhiloxStream(
        philox,
        stream: SIMD3(
          UInt32(truncatingIfNeeded: hash), UInt32(truncatingIfNeeded: hash >> 32), Self.domain))
      return stream.next()
    }
    return Set(names.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }.prefix(count))
  }
}
