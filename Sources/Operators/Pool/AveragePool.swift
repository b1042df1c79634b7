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

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    return [
      problem.averages(problem.outExtents) { y in
        let window = problem.window(of: y)
        return window.map { x[$0.x] / Double(window.count) }
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

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let dy = inputs[0]
    return [
      problem.averages(problem.inExtents) { x in
        problem.windows(at: x).map { dy[$0.y] / Double(problem.window(of: $0.y).count) }
      }
    ]
  }
}

extension PoolShape {
  fileprivate var averageCost: Cost {
    Cost(flops: Double(outCount * taps), bytes: 4 * Double(inCount + outCount))
  }

  /// The sums of the quotients that `terms` gives for each element.
  fileprivate func averages(
    _ extents: [Int], _ terms: @escaping @Sendable (Int) -> [Double]
  ) -> ReferenceOutput {
    ReferenceOutput(extents, exactOnIntegers: false, terms: 4 * taps) {
      let terms = terms($0)
      // Quotients are rounded.
      return (
        terms.reduce(0, +), (Double(taps) + 2) * roundoff * terms.reduce(0) { $0 + abs($1) }
      )
    }
  }
}
