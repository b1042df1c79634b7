/// How many residual blocks each group of a network has.
///
/// Coded as one number where all groups have the same, else as a list.
public struct BlocksPerGroup: Hashable, Sendable, Codable {
  /// The number of each group.
  public let counts: [Int]

  init(_ counts: [Int]) { self.counts = counts }

  /// The number that all groups have; nil where they differ.
  public var common: Int? { Set(counts).count == 1 ? counts.first : nil }

  /// Reads a number or a list.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let common = try? container.decode(Int.self) {
      counts = [common]
    } else {
      counts = try container.decode([Int].self)
    }
  }

  /// Writes a number or a list.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let common { try container.encode(common) } else { try container.encode(counts) }
  }
}
