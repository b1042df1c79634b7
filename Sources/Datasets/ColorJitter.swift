import Foundation
import Randomness

/// Random changes of a training image's colours, as fb.resnet.torch makes them for ImageNet.
///
/// Brightness, contrast and saturation change by up to 40 % each, in a random order; then a random
/// multiple of each principal component of ImageNet's colours is added (Krizhevsky et al. 2012).
/// Values may leave 0...255, as they do there.
struct ColorJitter: Equatable {
  private enum Change: CaseIterable {
    case brightness
    case contrast
    case saturation
  }

  private static let orders: [[Change]] = [
    [.brightness, .contrast, .saturation], [.brightness, .saturation, .contrast],
    [.contrast, .brightness, .saturation], [.contrast, .saturation, .brightness],
    [.saturation, .brightness, .contrast], [.saturation, .contrast, .brightness],
  ]
  private static let strength: Float = 0.4
  private static let lightingDeviation = 0.1
  /// Of the colours of ImageNet's images, in units of 255.
  private static let eigenvalues = [0.2175, 0.0188, 0.0045]
  /// A row a channel, a column an eigenvalue.
  private static let eigenvectors = [
    [-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203],
  ]

  /// An image's share of itself after each change, in the order of the changes; the rest is black,
  /// its mean grey, or its grey.
  private let changes: [(change: Change, share: Float)]
  /// What is added to red, green and blue.
  let lighting: [Float]

  /// The next draws of `stream`.
  init(_ stream: inout PhiloxStream) {
    let order = Self.orders[Int(stream.next(below: 6))]
    var changes: [(change: Change, share: Float)] = []
    for change in order {
      let share = 1 + Self.strength * (2 * Philox.uniform(stream.next()) - 1)
      changes.append((change, share))
    }
    self.changes = changes
    var factors: [Double] = []
    for eigenvalue in Self.eigenvalues {
      factors.append(stream.nextNormal() * Self.lightingDeviation * eigenvalue)
    }
    lighting = Self.eigenvectors.map { row in
      Float(255 * zip(row, factors).reduce(0) { $0 + $1.0 * $1.1 })
    }
  }

  static func == (left: Self, right: Self) -> Bool {
    left.lighting == right.lighting
      && left.changes.elementsEqual(right.changes) { $0 == $1 }
  }

  /// Changes an image `[H, W, 3]` in place.
  func apply(to image: UnsafeMutableBufferPointer<Float>) {
    let pixels = image.count / 3
    for (change, share) in changes {
      switch change {
      case .brightness:
        for index in 0..<image.count { image[index] *= share }
      case .contrast:
        var sum = 0.0
        for pixel in 0..<pixels { sum += Double(Self.grey(image, pixel)) }
        let rest = Float(sum / Double(pixels)) * (1 - share)
        for index in 0..<image.count { image[index] = image[index] * share + rest }
      case .saturation:
        for pixel in 0..<pixels {
          let rest = Self.grey(image, pixel) * (1 - share)
          for index in 3 * pixel..<3 * pixel + 3 { image[index] = image[index] * share + rest }
        }
      }
    }
    for pixel in 0..<pixels {
      for channel in 0..<3 { image[3 * pixel + channel] += lighting[channel] }
    }
  }

  private static func grey(_ image: UnsafeMutableBufferPointer<Float>, _ pixel: Int) -> Float {
    0.299 * image[3 * pixel] + 0.587 * image[3 * pixel + 1] + 0.114 * image[3 * pixel + 2]
  }
}

extension PhiloxStream {
  /// A number of the normal distribution with deviation 1 (Box and Muller 1958).
  mutating func nextNormal() -> Double {
    let radius = (-2 * log(1 - Double(Philox.uniform(next())))).squareRoot()
    return radius * cos(2 * .pi * Double(Philox.uniform(next())))
  }
}
