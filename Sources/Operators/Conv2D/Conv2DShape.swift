import Autotuner
import DeviceRuntime
import Foundation

/// Sizes of one square convolution, padded so that a stride of 1 keeps the image's size: by as many
/// pixels on either side, or one more behind the image where the kernel is even.
///
/// x: [batch, inHeight, inWidth, inChannels]; w: [kernel, kernel, inChannels, outChannels];
/// y: [batch, outHeight, outWidth, outChannels].
package struct Conv2DShape: Hashable, Codable, Sendable, CustomStringConvertible {
  package var batch: Int
  package var inHeight: Int
  package var inWidth: Int
  package var inChannels: Int
  package var outChannels: Int
  /// Rows and columns of the filter: 1, 2, 3, 5, 7.
  package var kernel: Int
  package var stride: Int

  package init(
    batch: Int, inHeight: Int, inWidth: Int, inChannels: Int, outChannels: Int, kernel: Int,
    stride: Int = 1
  ) {
    self.batch = batch
    self.inHeight = inHeight
    self.inWidth = inWidth
    self.inChannels = inChannels
    self.outChannels = outChannels
    self.kernel = kernel
    self.stride = stride
  }

  /// Pixels of padding before the image.
  package var pad: Int { (kernel - 1) / 2 }
  package var outHeight: Int { ceilDivide(inHeight, stride) }
  package var outWidth: Int { ceilDivide(inWidth, stride) }
  package var inCount: Int { batch * inHeight * inWidth * inChannels }
  package var outCount: Int { batch * outHeight * outWidth * outChannels }
  package var filterCount: Int { kernel * kernel * inChannels * outChannels }
  package var outPixels: Int { batch * outHeight * outWidth }
  /// Input pixels of one of stride² classes, which have the same taps.
  package var classPixels: Int {
    batch * ceilDivide(inHeight, stride) * ceilDivide(inWidth, stride)
  }

  package var description: String {
    "N\(batch) \(inHeight)x\(inWidth) \(inChannels)->\(outChannels) k\(kernel) s\(stride)"
  }

  /// How unlike another shape is for the tuner; nil where algorithms do not carry over.
  func distance(to other: Conv2DShape) -> Double? {
    guard kernel == other.kernel, stride == other.stride else { return nil }
    // A file may say any height and width, of which an Int cannot hold the product.
    func pixels(_ shape: Conv2DShape) -> Double { Double(shape.inHeight) * Double(shape.inWidth) }
    let ratios = [
      Double(inChannels) / Double(other.inChannels),
      Double(outChannels) / Double(other.outChannels), pixels(self) / pixels(other),
    ]
    let sizes = ratios.reduce(0.0) { $0 + abs(log2($1)) }
    return sizes + 0.25 * abs(log2(Double(batch) / Double(other.batch)))
  }

  /// The sizes as every convolution kernel takes them.
  package var macros: [Macro] {
    [
      Macro("BATCH", batch), Macro("IN_H", inHeight), Macro("IN_W", inWidth),
      Macro("IN_C", inChannels), Macro("OUT_H", outHeight), Macro("OUT_W", outWidth),
      Macro("OUT_C", outChannels), Macro("KERNEL", kernel), Macro("STRIDE", stride),
      Macro("PAD", pad),
    ]
  }

  /// One pass of a convolution: forward, backward data and backward filter cost the same.
  package var cost: Cost {
    Cost(
      flops: 2 * Double(kernel * kernel * inChannels) * Double(outCount),
      bytes: 4 * Double(inCount + outCount + filterCount))
  }

  /// Odd sizes and strides, a Wide ResNet's layers in small, and 1 and 3 input channels.
  package static var examples: [Conv2DShape] {
    var shapes: [Conv2DShape] = []
    for (size, channels, out) in [(1, 3, 5), (3, 1, 16), (5, 7, 3), (7, 16, 32), (14, 3, 16)] {
      for kernel in [1, 3] {
        for stride in [1, 2] {
          shapes.append(
            Conv2DShape(
              batch: 2, inHeight: size, inWidth: size, inChannels: channels, outChannels: out,
              kernel: kernel, stride: stride))
        }
      }
    }
    shapes += [
      Conv2DShape(
        batch: 1, inHeight: 28, inWidth: 28, inChannels: 1, outChannels: 16, kernel: 3),
      Conv2DShape(
        batch: 1, inHeight: 31, inWidth: 5, inChannels: 16, outChannels: 16, kernel: 3, stride: 2),
      Conv2DShape(
        batch: 3, inHeight: 8, inWidth: 8, inChannels: 64, outChannels: 64, kernel: 3),
      Conv2DShape(
        batch: 2, inHeight: 8, inWidth: 8, inChannels: 32, outChannels: 160, kernel: 1, stride: 2),
      Conv2DShape(
        batch: 2, inHeight: 7, inWidth: 7, inChannels: 80, outChannels: 96, kernel: 3),
      Conv2DShape(
        batch: 4, inHeight: 14, inWidth: 13, inChannels: 16, outChannels: 32, kernel: 3),
      Conv2DShape(
        batch: 2, inHeight: 1, inWidth: 3, inChannels: 32, outChannels: 16, kernel: 3),
      Conv2DShape(
        batch: 5, inHeight: 9, inWidth: 9, inChannels: 3, outChannels: 8, kernel: 7, stride: 2),
      Conv2DShape(
        batch: 2, inHeight: 5, inWidth: 6, inChannels: 16, outChannels: 20, kernel: 2),
      Conv2DShape(
        batch: 3, inHeight: 1, inWidth: 2, inChannels: 20, outChannels: 16, kernel: 2),
      Conv2DShape(
        batch: 2, inHeight: 6, inWidth: 7, inChannels: 3, outChannels: 16, kernel: 5),
    ]
    return shapes
  }
}
