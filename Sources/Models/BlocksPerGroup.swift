/// How many residual blocks each group of a network has.
///
/// Coded as one number where all groups have the same, else as a list.
public struct BlocksPerGroup: Hashable, Sendable, Encodable {
  /// The number of each group.
  public let counts: [Int]

  init(_ counts: [Int]) { self.counts = counts }

  /// The number that all groups have; nil where they differ.
  public var common: Int? { Set(counts).count == 1 ? counts.first : nil }

  /// Writes a number or a list.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let common { try container.encode(common) } else { try container.encode(counts) }
  }
}
