import Autotuner
import DeviceRuntime

/// y = conv(x, w), or conv(x, w) + residual.
package enum Conv2DForward: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var shape: Conv2DShape
    /// Whether a tensor of y's size is added to the result.
    package var withResidual: Bool

    package init(shape: Conv2DShape, withResidual: Bool = false) {
      self.shape = shape
      self.withResidual = withResidual
    }

    package var description: String { "\(shape)\(withResidual ? " + residual" : "")" }
  }

  package typealias Configuration = Conv2DConfiguration

  package static var name: String { "conv2d_forward" }

  package static var exampleProblems: [Problem] {
    Conv2DShape.examples.enumerated().map {
      Problem(shape: $0.element, withResidual: $0.offset % 3 == 0)
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    let shape = problem.shape
    return [
      TensorArgument("x", .input, count: shape.inCount),
      TensorArgument("w", .input, count: shape.filterCount),
    ] + (problem.withResidual ? [TensorArgument("residual", .input, count: shape.outCount)] : [])
      + [TensorArgument("y", .output, count: shape.outCount)]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    Conv2DConfiguration.candidates(
      problem.shape, channelsSummed: problem.shape.inChannels,
      channelsProduced: problem.shape.outChannels,
      on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    switch configuration {
    case .direct(let tiling): direct(problem, tiling)
    case .winograd(let tiling):
      WinogradLaunches(shape: problem.shape, tiling: tiling).plan(
        backward: false, from: "x", to: "y", withResidual: problem.withResidual)
    case .winogradFused(let tiling):
      tiling.plan(
        problem.shape, backward: false, from: "x", to: "y",
        withResidual: problem.withResidual)
    }
  }

  private static func direct(_ problem: Problem, _ tiling: Conv2DTiling) -> OperationPlan {
    let stem = "conv2d_forward_\(tiling.shape.rawValue)"
    return OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "conv2d/\(stem).cl", entryPoint: stem,
          macros: problem.shape.macros + tiling.macros
            + [Macro("WITH_RESIDUAL", problem.withResidual)],
          range: tiling.range(
            pixels: problem.shape.outPixels, channels: problem.shape.outChannels),
          arguments: [.buffer("x"), .buffer("w")]
            + (problem.withResidual ? [.buffer("residual")] : []) + [.buffer("y")]))
    ])
  }

  package static func isExact(_ configuration: Configuration) -> Bool {
    configuration.isExact
  }

  package static func cost(_ problem: Problem) -> Cost {
    var cost = problem.shape.cost
    if problem.withResidual { cost.bytes += 4 * Double(problem.shape.outCount) }
    return cost
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    [
      problem.shape.forwardReference(
        x: inputs[0], w: inputs[1], residual: problem.withResidual ? inputs[2] : nil)
    ]
  }
}
