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
    Conv2DConfiguration.candidates(
      problem.shape, pixels: classPixels(problem.shape), channelsSummed: problem.shape.outChannels,
      channelsProduced: problem.shape.inChannels,
      on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    switch configuration {
    case .direct(let tiling): direct(problem, tiling)
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

  /// Pixels of one of stride² classes, which have the same taps.
  private static func classPixels(_ shape: Conv2DShape) -> Int {
    shape.batch * ceilDivide(shape.inHeight, shape.stride) * ceilDivide(shape.inWidth, shape.stride)
  }

  private static func direct(_ problem: Problem, _ tiling: Conv2DTiling) -> OperationPlan {
    let shape = problem.shape
    let filter = PackedFilter(shape, tiling, backward: true)
    let stem = "conv2d_backward_data_\(tiling.shape.rawValue)"
    return OperationPlan(
      scratch: filter.scratch,
      launches: filter.launches + [
        .kernel(
          OperationPlan.KernelLaunch(
            source: "conv2d/\(stem).cl", entryPoint: stem,
            macros: shape.macros + tiling.macros
              + [Macro("WITH_RESIDUAL", problem.withResidual)],
            range: tiling.range(
              pixels: classPixels(shape), channels: shape.inChannels,
              classes: shape.stride * shape.stride),
            arguments: [.buffer("dy"), .buffer(filter.name)]
              + (problem.withResidual ? [.buffer("residual")] : []) + [.buffer("dx")]))
      ])
  }

  package static func isExact(_ configuration: Configuration) -> Bool {
    configuration.isExact
  }

  package static func cost(_ problem: Problem) -> Cost {
    var cost = problem.shape.cost
    if problem.withResidual { cost.bytes += 4 * Double(problem.shape.inCount) }
    return cost
  }

  package static func distance(_ a: Problem, _ b: Problem) -> Double? {
    a.shape.distance(to: b.shape).map { $0 + (a.withResidual == b.withResidual ? 0 : 0.02) }
  }
}
