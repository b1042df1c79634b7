import Autotuner
import DeviceRuntime

/// y = the mean of each window's pixels inside the image.
package enum AveragePoolForward: TunableOperation {
  package typealias Problem = PoolShape
  package typealias Configuration = PixelTiling

  package static var name: String { "average_pool_forward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.inCount),
      TensorArgument("y", .output, count: problem.outCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(channels: problem.channels, divisor: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(
      "pool/average_pool.cl", name, configuration, pixels: problem.outPixels,
      tensors: tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost { problem.averageCost }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let counts = problem.windowCounts
    return [
      problem.averages(count: problem.outCount) { x, y in
        (from: inputs[0][x] / counts[y], to: y)
      }
    ]
  }
}

/// dx = the sum, over the windows that each pixel is in, of dy divided by the window's pixels.
package enum AveragePoolBackward: TunableOperation {
  package typealias Problem = PoolShape
  package typealias Configuration = PixelTiling

  package static var name: String { "average_pool_backward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("dy", .input, count: problem.outCount),
      TensorArgument("dx", .output, count: problem.inCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(channels: problem.channels, divisor: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(
      "pool/average_pool.cl", name, configuration, pixels: problem.inPixels,
      tensors: tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost { problem.averageCost }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let counts = problem.windowCounts
    return [
      problem.averages(count: problem.inCount) { x, y in
        (from: inputs[0][y] / counts[y], to: x)
      }
    ]
  }
}

extension PoolShape {
  fileprivate var averageCost: Cost {
    Cost(flops: Double(outCount * taps), bytes: 4 * Double(inCount + outCount))
  }

  /// Pixels inside the image of the window of each element of y.
  fileprivate var windowCounts: [Double] {
    var counts = [Double](repeating: 0, count: outCount)
    forEachCandidate { _, y, _ in counts[y] += 1 }
    return counts
  }

  /// Sums over all pairs of a pixel and a window that it is in.
  fileprivate func averages(
    count: Int, _ term: (_ x: Int, _ y: Int) -> (from: Double, to: Int)
  ) -> ReferenceResult {
    var values = [Double](repeating: 0, count: count)
    var magnitudes = values
    forEachCandidate { x, y, _ in
      let term = term(x, y)
      values[term.to] += term.from
      magnitudes[term.to] += abs(term.from)
    }
    // Quotients are rounded.
    return ReferenceResult(
      values: values, tolerance: magnitudes.map { (Double(taps) + 2) * roundoff * $0 },
      exactOnIntegers: false)
  }
}
