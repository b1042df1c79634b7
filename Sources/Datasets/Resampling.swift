/// Bicubic resampling of images; where it shrinks, its filter widens, so that nothing aliases.
///
/// The filter is Keys's with a = -1/2. Pixels outside the box that is resampled count for nothing.
enum Resampling {
  /// A box of whole pixels.
  struct Box: Equatable {
    var left: Int
    var top: Int
    var width: Int
    var height: Int
  }

  /// The part `window` of what `box` of a colour image becomes at `width` x `height`, into
  /// `output`, `[window.height, window.width, 3]`, from 0 to 255.
  static func resample(
    _ image: ImageFile, box: Box, width: Int, height: Int, window: Box,
    into output: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      image.channels == 3 && output.count == window.height * window.width * 3
        && box.left >= 0 && box.top >= 0 && box.left + box.width <= image.width
        && box.top + box.height <= image.height, "a box outside the image")
    let columns = Taps(
      from: box.width, to: width, outputs: window.left..<window.left + window.width)
    let rows = Taps(
      from: box.height, to: height, outputs: window.top..<window.top + window.height)
    let stride = window.width * 3
    let used = rows.range
    var narrow = [Float](repeating: 0, count: used.count * stride)
    image.pixels.withUnsafeBufferPointer { pixels in
      for row in used {
        let line = ((box.top + row) * image.width + box.left) * 3
        var place = (row - used.lowerBound) * stride
        for tap in columns.taps {
          var sum = SIMD4<Float>()
          for (offset, weight) in columns.weights[tap.weights].enumerated() {
            let pixel = line + (tap.first + offset) * 3
            sum +=
              weight
              * SIMD4(Float(pixels[pixel]), Float(pixels[pixel + 1]), Float(pixels[pixel + 2]), 0)
          }
          narrow[place] = sum.x
          narrow[place + 1] = sum.y
          narrow[place + 2] = sum.z
          place += 3
        }
      }
    }
    narrow.withUnsafeBufferPointer { narrow in
      for (row, tap) in rows.taps.enumerated() {
        let target = UnsafeMutableBufferPointer(rebasing: output[row * stride..<(row + 1) * stride])
        for column in 0..<stride { target[column] = 0 }
        for (offset, weight) in rows.weights[tap.weights].enumerated() {
          let line = (tap.first + offset - used.lowerBound) * stride
          for column in 0..<stride { target[column] += weight * narrow[line + column] }
        }
        for column in 0..<stride { target[column] = min(max(target[column], 0), 255) }
      }
    }
  }

  /// Which inputs along one edge make each output, and with which weights.
  private struct Taps {
    struct Tap {
      var first: Int
      var weights: Range<Int>
    }

    private(set) var taps: [Tap] = []
    private(set) var weights: [Float] = []

    init(from inputs: Int, to length: Int, outputs: Range<Int>) {
      let scale = Double(inputs) / Double(length)
      let spread = max(scale, 1)
      for output in outputs {
        let center = (Double(output) + 0.5) * scale
        let first = max(0, Int(center - 2 * spread + 0.5))
        let end = min(inputs, Int(center + 2 * spread + 0.5))
        let values = (first..<end).map { Self.cubic((Double($0) - center + 0.5) / spread) }
        let sum = values.reduce(0, +)
        let start = weights.count
        weights += values.map { Float($0 / sum) }
        taps.append(Tap(first: first, weights: start..<weights.count))
      }
    }

    /// The inputs that any output uses.
    var range: Range<Int> {
      let ends = taps.map { $0.first + $0.weights.count }
      return (taps.map(\.first).min() ?? 0)..<(ends.max() ?? 0)
    }

    private static func cubic(_ distance: Double) -> Double {
      let x = abs(distance)
      if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
      return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    }
  }
}
