import Autotuner
import DeviceRuntime

/// The sizes of a max pool with windows of kernel × kernel pixels, padded by `kernel / 2`.
///
/// x: [batch, inHeight, inWidth, channels]; y: [batch, outHeight, outWidth, channels].
package struct MaxPoolProblem: Hashable, Codable, Sendable, CustomStringConvertible {
  package var batch: Int
  package var inHeight: Int
  package var inWidth: Int
  package var channels: Int
  package var kernel: Int
  package var stride: Int
  /// Whether the forward pass says which pixel of each window is its maximum.
  package var withWinners: Bool

  package init(
    batch: Int, inHeight: Int, inWidth: Int, channels: Int, kernel: Int = 3, stride: Int = 2,
    withWinners: Bool = true
  ) {
    precondition(
      batch > 0 && inHeight > 0 && inWidth > 0 && channels > 0 && stride > 0, "an empty pool")
    // A winner is a byte, and every window has a pixel of its own inside the image.
    precondition((1...15).contains(kernel) && kernel % 2 == 1, "a window of \(kernel)")
    self.batch = batch
    self.inHeight = inHeight
    self.inWidth = inWidth
    self.channels = channels
    self.kernel = kernel
    self.stride = stride
    self.withWinners = withWinners
  }

  package var pad: Int { kernel / 2 }
  package var outHeight: Int { (inHeight + 2 * pad - kernel) / stride + 1 }
  package var outWidth: Int { (inWidth + 2 * pad - kernel) / stride + 1 }
  var inPixels: Int { batch * inHeight * inWidth }
  var outPixels: Int { batch * outHeight * outWidth }
  package var inCount: Int { inPixels * channels }
  package var outCount: Int { outPixels * channels }

  package var description: String {
    "N\(batch) \(inHeight)x\(inWidth)x\(channels) k\(kernel) s\(stride)"
      + (withWinners ? "" : " inference")
  }

  static var examples: [MaxPoolProblem] {
    [
      (1, 1, 1, 1, 3, 2), (2, 7, 5, 3, 3, 2), (3, 13, 6, 4, 3, 2), (2, 15, 16, 64, 3, 2),
      (2, 6, 7, 5, 3, 1), (2, 9, 4, 16, 5, 3),
    ].map {
      MaxPoolProblem(
        batch: $0.0, inHeight: $0.1, inWidth: $0.2, channels: $0.3, kernel: $0.4, stride: $0.5)
    }
  }

  func launch(
    _ entryPoint: String, _ tiling: PixelTiling, pixels: Int, tensors: [TensorArgument]
  ) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "pool/max_pool.cl", entryPoint: entryPoint,
          macros: [
            Macro("BATCH", batch), Macro("IN_H", inHeight), Macro("IN_W", inWidth),
            Macro("IN_C", channels), Macro("OUT_H", outHeight), Macro("OUT_W", outWidth),
            Macro("KERNEL", kernel), Macro("STRIDE", stride), Macro("PAD", pad),
            Macro("WITH_WINNERS", withWinners),
          ] + tiling.macros,
          range: tiling.range(pixels: pixels, channels: channels),
          arguments: tensors.map { .buffer($0.name) }))
    ])
  }

  /// Calls `body` with every pixel of every window, in their order: places in x and y, and the
  /// pixel's number in its window.
  func forEachCandidate(_ body: (_ x: Int, _ y: Int, _ tap: Int) -> Void) {
    for pixel in 0..<outPixels {
      let image = pixel / (outHeight * outWidth)
      let (top, left) = (
        pixel / outWidth % outHeight * stride - pad, pixel % outWidth * stride - pad
      )
      for tap in 0..<kernel * kernel {
        let (row, column) = (top + tap / kernel, left + tap % kernel)
        guard (0..<inHeight).contains(row) && (0..<inWidth).contains(column) else { continue }
        let x = ((image * inHeight + row) * inWidth + column) * channels
        for channel in 0..<channels { body(x + channel, pixel * channels + channel, tap) }
      }
    }
  }
}

/// y = the maximum of each window, and "winners", the number of its pixel in the window.
///
/// Of equal maxima the first wins. A NaN is larger than every number; of several the last wins, as
/// in PyTorch.
package enum MaxPoolForward: TunableOperation {
  package typealias Problem = MaxPoolProblem
  package typealias Configuration = PixelTiling

  package static var name: String { "max_pool_forward" }

  package static var exampleProblems: [Problem] {
    Problem.examples + [
      Problem(batch: 2, inHeight: 5, inWidth: 9, channels: 16, withWinners: false)
    ]
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.inCount),
      TensorArgument("y", .output, count: problem.outCount),
    ]
      + (problem.withWinners
        ? [TensorArgument("winners", .output, count: problem.outCount, element: .uchar)] : [])
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(channels: problem.channels, divisor: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(name, configuration, pixels: problem.outPixels, tensors: tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: Double(problem.outCount * problem.kernel * problem.kernel),
      bytes: Double(4 * problem.inCount + (problem.withWinners ? 5 : 4) * problem.outCount))
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    var values = [Double](repeating: -.infinity, count: problem.outCount)
    var winners = [Double](repeating: -1, count: problem.outCount)
    problem.forEachCandidate { x, y, tap in
      let value = inputs[0][x]
      if value > values[y] || value.isNaN || winners[y] < 0 {
        values[y] = value
        winners[y] = Double(tap)
      }
    }
    let zeros = [Double](repeating: 0, count: problem.outCount)
    return [ReferenceResult(values: values, tolerance: zeros)]
      + (problem.withWinners ? [ReferenceResult(values: winners, tolerance: zeros)] : [])
  }
}

/// dx = the sum of dy over the windows that each pixel won.
package enum MaxPoolBackward: TunableOperation {
  package typealias Problem = MaxPoolProblem
  package typealias Configuration = PixelTiling

  package static var name: String { "max_pool_backward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("dy", .input, count: problem.outCount),
      TensorArgument("winners", .input, count: problem.outCount, element: .uchar),
      TensorArgument("dx", .output, count: problem.inCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(channels: problem.channels, divisor: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(name, configuration, pixels: problem.inPixels, tensors: tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: Double(problem.outCount * problem.kernel * problem.kernel),
      bytes: Double(4 * problem.inCount + 5 * problem.outCount))
  }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    guard tensor.name == "winners" else {
      return generator.values(count: tensor.count, kind: kind)
    }
    return (0..<tensor.count).map { _ in
      Double(Int.random(in: 0..<problem.kernel * problem.kernel, using: &generator))
    }
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    var values = [Double](repeating: 0, count: problem.inCount)
    var magnitudes = values
    problem.forEachCandidate { x, y, tap in
      guard inputs[1][y] == Double(tap) else { return }
      values[x] += inputs[0][y]
      magnitudes[x] += abs(inputs[0][y])
    }
    let terms = Double(problem.kernel * problem.kernel)
    return [
      ReferenceResult(values: values, tolerance: magnitudes.map { terms * roundoff * $0 })
    ]
  }
}
