import Foundation
import Training

/// How well an error over some test images tells the error over all images.
struct TestConfidence {
  /// Per cent: from where to where the error lies with 95 % confidence.
  let interval: [Double]
  private let images: Int

  /// From so many test images on the error is known to about 3 %.
  private static let few = 1000

  /// Of an error in per cent of so many images, one at least.
  init(error: Double, images: Int) {
    let interval = Proportion.wilsonInterval(error: error, of: images)
    self.interval = [100 * interval.lowerBound, 100 * interval.upperBound]
    self.images = images
  }

  /// Whether the images are too few to tell the error well.
  var isLow: Bool { images < Self.few }

  /// The interval and, where it is wide, why.
  var lines: [String] {
    let interval = interval.map { String(format: "%.2f", $0) }.joined(separator: " to ")
    return ["error, with 95 % confidence  \(interval) %"]
      + (isLow ? ["\(images) test images are few: more would tell the error better"] : [])
  }
}
