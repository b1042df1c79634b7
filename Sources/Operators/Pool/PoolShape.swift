import Autotuner
import DeviceRuntime

/// A square window that moves over an image in steps of `stride`.
///
/// It begins `pad` pixels outside the image. What of a window lies outside counts for nothing; every
/// window has a pixel inside.
package struct PoolWindow: Hashable, Codable, Sendable {
  /// Rows and columns, at most 16: which pixel of a window is its maximum is a byte.
  package var kernel: Int
  package var stride: Int
  package var pad: Int
  /// Whether the last pixels get a window of their own that hangs over the edge, as in Caffe and
  /// in PyTorch with `ceil_mode`; else a window that does not fit is left out.
  package var roundsUp: Bool

  package init(kernel: Int, stride: Int, pad: Int, roundsUp: Bool = false) {
    precondition((1...16).contains(kernel) && stride > 0, "a window of \(kernel) /\(stride)")
    precondition((0...kernel / 2).contains(pad), "a window of \(kernel) padded by \(pad)")
    self.kernel = kernel
    self.stride = stride
    self.pad = pad
    self.roundsUp = roundsUp
  }

  /// Windows over so many rows or columns; where not even one fits, one that hangs over.
  package func outputs(over size: Int) -> Int {
    let room = max(0, size + 2 * pad - kernel)
    guard roundsUp else { return room / stride + 1 }
    let steps = ceilDivide(room, stride)
    // A window must not begin behind the image.
    return steps * stride >= size + pad ? steps : steps + 1
  }
}

/// The sizes of a pool.
///
/// x: [batch, inHeight, inWidth, channels]; y: [batch, outHeight, outWidth, channels].
package struct PoolShape: Hashable, Codable, Sendable, CustomStringConvertible {
  package var batch: Int
  package var inHeight: Int
  package var inWidth: Int
  package var channels: Int
  package var window: PoolWindow

  package init(batch: Int, inHeight: Int, inWidth: Int, channels: Int, window: PoolWindow) {
    precondition(batch > 0 && inHeight > 0 && inWidth > 0 && channels > 0, "an empty pool")
    self.batch = batch
    self.inHeight = inHeight
    self.inWidth = inWidth
    self.channels = channels
    self.window = window
  }

  package var outHeight: Int { window.outputs(over: inHeight) }
  package var outWidth: Int { window.outputs(over: inWidth) }
  var inPixels: Int { batch * inHeight * inWidth }
  var outPixels: Int { batch * outHeight * outWidth }
  package var inCount: Int { inPixels * channels }
  package var outCount: Int { outPixels * channels }
  /// Pixels of a window.
  var taps: Int { window.kernel * window.kernel }

  package var description: String {
    "N\(batch) \(inHeight)x\(inWidth)x\(channels) k\(window.kernel) s\(window.stride)"
      + " p\(window.pad)" + (window.roundsUp ? " up" : "")
  }

  static var examples: [PoolShape] {
    [
      (1, 1, 1, 1, PoolWindow(kernel: 3, stride: 2, pad: 1)),
      (2, 7, 5, 3, PoolWindow(kernel: 3, stride: 2, pad: 1)),
      (3, 13, 6, 4, PoolWindow(kernel: 3, stride: 2, pad: 1)),
      (2, 15, 16, 64, PoolWindow(kernel: 3, stride: 2, pad: 1)),
      (2, 6, 7, 5, PoolWindow(kernel: 3, stride: 1, pad: 1)),
      (2, 9, 4, 16, PoolWindow(kernel: 5, stride: 3, pad: 2)),
      (2, 8, 9, 16, PoolWindow(kernel: 3, stride: 2, pad: 0, roundsUp: true)),
      (2, 8, 9, 3, PoolWindow(kernel: 3, stride: 2, pad: 0)),
      (3, 7, 6, 10, PoolWindow(kernel: 2, stride: 2, pad: 0, roundsUp: true)),
      (1, 2, 1, 4, PoolWindow(kernel: 3, stride: 2, pad: 0, roundsUp: true)),
      (2, 7, 7, 6, PoolWindow(kernel: 2, stride: 3, pad: 1, roundsUp: true)),
      (2, 17, 16, 4, PoolWindow(kernel: 16, stride: 16, pad: 0, roundsUp: true)),
    ].map { PoolShape(batch: $0.0, inHeight: $0.1, inWidth: $0.2, channels: $0.3, window: $0.4) }
  }

  func launch(
    _ source: String, _ entryPoint: String, _ tiling: PixelTiling, macros: [Macro] = [],
    pixels: Int, tensors: [TensorArgument]
  ) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: source, entryPoint: entryPoint,
          macros: [
            Macro("BATCH", batch), Macro("IN_H", inHeight), Macro("IN_W", inWidth),
            Macro("IN_C", channels), Macro("OUT_H", outHeight), Macro("OUT_W", outWidth),
            Macro("KERNEL", window.kernel), Macro("STRIDE", window.stride),
            Macro("PAD", window.pad),
          ] + macros + tiling.macros,
          range: tiling.range(pixels: pixels, channels: channels),
          arguments: tensors.map { .buffer($0.name) }))
    ])
  }

  var inExtents: [Int] { [batch, inHeight, inWidth, channels] }
  var outExtents: [Int] { [batch, outHeight, outWidth, channels] }

  /// The pixels inside the image of the window of an element of y, in their order: the place in x
  /// and the number in the window of each.
  func window(of y: Int) -> [(x: Int, tap: Int)] {
    let (pixel, channel) = y.quotientAndRemainder(dividingBy: channels)
    let image = pixel / (outHeight * outWidth)
    let top = pixel / outWidth % outHeight * window.stride - window.pad
    let left = pixel % outWidth * window.stride - window.pad
    return (0..<taps).compactMap { tap in
      let (row, column) = (top + tap / window.kernel, left + tap % window.kernel)
      guard (0..<inHeight).contains(row) && (0..<inWidth).contains(column) else { return nil }
      return (((image * inHeight + row) * inWidth + column) * channels + channel, tap)
    }
  }

  /// The windows that an element of x is in: the place in y and the number in the window of each.
  func windows(at x: Int) -> [(y: Int, tap: Int)] {
    let (pixel, channel) = x.quotientAndRemainder(dividingBy: channels)
    let image = pixel / (inHeight * inWidth)
    let (row, column) = (pixel / inWidth % inHeight, pixel % inWidth)
    return (0..<taps).compactMap { tap in
      let (down, right) = (
        row + window.pad - tap / window.kernel, column + window.pad - tap % window.kernel
      )
      guard down >= 0, right >= 0, down % window.stride == 0, right % window.stride == 0,
        down / window.stride < outHeight, right / window.stride < outWidth
      else { return nil }
      let out = (image * outHeight + down / window.stride) * outWidth + right / window.stride
      return (out * channels + channel, tap)
    }
  }
}
