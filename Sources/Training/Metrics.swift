/// Sums of loss and errors over the images of an epoch.
///
/// It is `Codable` so that an epoch resumed from its middle logs the same numbers.
package struct Metrics: Codable, Hashable, Sendable {
  /// The sum of the images' losses.
  package private(set) var lossSum = 0.0
  /// The number of images classified wrongly.
  package private(set) var errors = 0
  /// The number of images.
  package private(set) var images = 0

  package init() {}

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case lossSum, errors, images
  }

  /// Throws when the numbers cannot be those of an epoch.
  package init(from decoder: any Decoder) throws {
    try decoder.refuseKeys(notIn: CodingKeys.allCases)
    let values = try decoder.container(keyedBy: CodingKeys.self)
    lossSum = try values.decode(Double.self, forKey: .lossSum)
    errors = try values.decode(Int.self, forKey: .errors)
    images = try values.decode(Int.self, forKey: .images)
    // A sum of counts beyond this would overflow before the epoch ends.
    guard lossSum.isFinite, errors >= 0, errors <= images, images <= 1 << 48 else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "expected 0 <= errors <= images, got \(errors) and \(images)"))
    }
  }

  /// Adds a batch: the sum of its images' losses, how many were wrong, how many there were.
  package mutating func add(lossSum: Double, errors: Int, images: Int) {
    precondition(0 <= errors && errors <= images, "\(errors) errors in \(images) images")
    self.lossSum += lossSum
    self.errors += errors
    self.images += images
  }

  /// Adds a batch: the mean of its images' losses, how many were wrong, how many there were.
  package mutating func add(meanLoss: Double, errors: Int, images: Int) {
    add(lossSum: meanLoss * Double(images), errors: errors, images: images)
  }

  /// The mean loss of an image; nil before the first.
  package var loss: Double? { images > 0 ? lossSum / Double(images) : nil }

  /// The images classified wrongly, in per cent; nil before the first.
  package var error: Double? { images > 0 ? 100 * Double(errors) / Double(images) : nil }
}
