import Autotuner
import DeviceRuntime

/// A max pool, and whether the forward pass says which pixel of each window is its maximum.
package struct MaxPoolProblem: Hashable, Codable, Sendable, CustomStringConvertible {
  package var shape: PoolShape
  package var withWinners: Bool

  package init(shape: PoolShape, withWinners: Bool = true) {
    self.shape = shape
    self.withWinners = withWinners
  }

  package var description: String { "\(shape)" + (withWinners ? "" : " inference") }

  static var examples: [MaxPoolProblem] { PoolShape.examples.map { MaxPoolProblem(shape: $0) } }

  func launch(
    _ entryPoint: String, _ tiling: PixelTiling, pixels: Int, tensors: [TensorArgument]
  ) -> OperationPlan {
    shape.launch(
      "pool/max_pool.cl", entryPoint, tiling, macros: [Macro("WITH_WINNERS", withWinners)],
      pixels: pixels, tensors: tensors)
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
      Problem(
        shape: PoolShape(
          batch: 2, inHeight: 5, inWidth: 9, channels: 16,
          window: PoolWindow(kernel: 3, stride: 2, pad: 1)), withWinners: false)
    ]
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.shape.inCount),
      TensorArgument("y", .output, count: problem.shape.outCount),
    ]
      + (problem.withWinners
        ? [TensorArgument("winners", .output, count: problem.shape.outCount, element: .uchar)] : [])
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(
      channels: problem.shape.channels, divisor: problem.shape.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(name, configuration, pixels: problem.shape.outPixels, tensors: tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: Double(problem.shape.outCount * problem.shape.taps),
      bytes: Double(
        4 * problem.shape.inCount + (problem.withWinners ? 5 : 4) * problem.shape.outCount))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    let shape = problem.shape
    @Sendable func largest(_ y: Int) -> (value: Double, tap: Int) {
      var best = (value: -Double.infinity, tap: -1)
      for (place, tap) in shape.window(of: y) {
        let value = x[place]
        if value > best.value || value.isNaN || best.tap < 0 { best = (value, tap) }
      }
      return best
    }
    let y = ReferenceOutput(shape.outExtents, terms: 4 * shape.taps) { (largest($0).value, 0) }
    guard problem.withWinners else { return [y] }
    return [
      y, ReferenceOutput(shape.outExtents, terms: 4 * shape.taps) { (Double(largest($0).tap), 0) },
    ]
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
      TensorArgument("dy", .input, count: problem.shape.outCount),
      TensorArgument("winners", .input, count: problem.shape.outCount, element: .uchar),
      TensorArgument("dx", .output, count: problem.shape.inCount),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(
      channels: problem.shape.channels, divisor: problem.shape.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    problem.launch(name, configuration, pixels: problem.shape.inPixels, tensors: tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: Double(problem.shape.outCount * problem.shape.taps),
      bytes: Double(4 * problem.shape.inCount + 5 * problem.shape.outCount))
  }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    guard tensor.name == "winners" else {
      return generator.values(count: tensor.count, kind: kind)
    }
    return (0..<tensor.count).map { _ in
      Double(Int.random(in: 0..<problem.shape.taps, using: &generator))
    }
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (dy, winners) = (inputs[0], inputs[1])
    let shape = problem.shape
    return [
      ReferenceOutput(shape.inExtents, terms: 4 * shape.taps) { x in
        var element: ReferenceOutput.Element = (0, 0)
        for (y, tap) in shape.windows(at: x) where winners[y] == Double(tap) {
          element.value += dy[y]
          element.tolerance += Double(shape.taps) * roundoff * abs(dy[y])
        }
        return element
      }
    ]
  }
}
