import Autotuner
import DeviceRuntime

/// dx = the gradient of conv(x, w) to x, or that gradient + residual.
package enum Conv2DBackwardData: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var shape: Conv2DShape
    /// Whether a tensor of x's size, the gradient from elsewhere, is added to the result.
    package var withResidual: Bool

    package init(shape: Conv2DShape, withResidual: Bool = false) {
      self.shape = shape
      self.withResidual = withResidual
    }

    package var description: String { "\(shape)\(withResidual ? " + residual" : "")" }
  }

  package typealias Configuration = Conv2DConfiguration

  package static var name: String { "conv2d_backward_data" }

  package static var exampleProblems: [Problem] {
    Conv2DShape.examples.enumerated().map {
      Problem(shape: $0.element, withResidual: $0.offset % 3 == 1)
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    let shape = problem.shape
    return [
      TensorArgument("dy", .input, count: shape.outCount),
      TensorArgument("w", .input, count: shape.filterCount),
    ] + (problem.withResidual ? [TensorArgument("residual", .input, count: shape.inCount)] : [])
      + [TensorArgument("dx", .output, count: shape.inCount)]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    Conv2DConfiguration.candidates(problem.shape, backward: true, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    switch configuration {
    case .direct(let tiling):
      tiling.plan(
        problem.shape, backward: true, from: "dy", to: "dx", withResidual: problem.withResidual)
    case .im2col(let tiling):
      tiling.backwardData(problem.shape, withResidual: problem.withResidual)
    case .winograd(let tiling):
      WinogradLaunches(shape: problem.shape, tiling: tiling).plan(
        backward: true, from: "dy", to: "dx", withResidual: problem.withResidual)
    case .winogradFused(let tiling):
      tiling.plan(
        problem.shape, backward: true, from: "dy", to: "dx",
        withResidual: problem.withResidual)
    }
  }

  package static func isExact(_ configuration: Configuration) -> Bool {
    configuration.isExact
  }

  package static func cost(_ problem: Problem) -> Cost {
    var cost = problem.shape.cost
    if problem.withResidual { cost.bytes += 4 * Double(problem.shape.inCount) }
    return cost
  }

  package static func work(
    _ problem: Problem, _ configuration: Configuration, on device: DeviceInfo
  ) -> Work {
    configuration.work(
      problem.shape, backward: true, withResidual: problem.withResidual, on: device)
  }

  package static func distance(_ a: Problem, _ b: Problem) -> Double? {
    a.shape.distance(to: b.shape).map { $0 + (a.withResidual == b.withResidual ? 0 : 0.02) }
  }
}
