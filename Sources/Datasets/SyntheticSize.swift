/// The size of a synthetic data set.
public struct SyntheticSize: Hashable, Sendable, CustomStringConvertible {
  /// Channels of an image, 1 or more.
  public let channels: Int
  /// Rows of an image, 1 or more.
  public let height: Int
  /// Columns of an image, 1 or more.
  public let width: Int
  /// Number of classes, 1 or more.
  public let classes: Int
  /// Number of training images, 1 or more.
  public let count: Int

  /// No factor of a synthetic size is larger; the product is bounded by the memory when loading.
  static let largestNumber = 1 << 24

  /// Reads `synthetic:CxHxW:CLASSES:COUNT`; throws `usage` for another form.
  public init(parsing text: String) throws(DataError) {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    let texts =
      fields.dropFirst().prefix(1).flatMap {
        $0.split(separator: "x", omittingEmptySubsequences: false)
      } + fields.dropFirst(2)
    let numbers = texts.compactMap(Self.number)
    guard fields.first == "synthetic", fields.count == 4, texts.count == 5, numbers.count == 5
    else {
      throw DataError(
        .usage, what: text, why: "not of the form \(DatasetName.syntheticForm)",
        whatToDo: "write for example synthetic:3x32x32:10:1000, "
          + "with numbers from 1 to \(Self.largestNumber)")
    }
    (channels, height, width) = (numbers[0], numbers[1], numbers[2])
    (classes, count) = (numbers[3], numbers[4])
  }

  private static func number(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let value = Int(text), 1...largestNumber ~= value
    else { return nil }
    return value
  }

  /// The size as it is typed.
  public var description: String {
    "synthetic:\(channels)x\(height)x\(width):\(classes):\(count)"
  }
}
