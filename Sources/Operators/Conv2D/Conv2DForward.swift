import Autotuner
import DeviceRuntime

/// y = conv(x, w), where x may first be normalised and a residual may be added.
package enum Conv2DForward: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var shape: Conv2DShape
    /// Whether a tensor of y's size is added to the result.
    package var withResidual: Bool
    /// What x goes through before it is convolved.
    package var normalization: InputNormalization?

    package init(
      shape: Conv2DShape, withResidual: Bool = false, normalization: InputNormalization? = nil
    ) {
      self.shape = shape
      self.withResidual = withResidual
      self.normalization = normalization
    }

    package var description: String {
      "\(shape)\(withResidual ? " + residual" : "")"
        + (normalization.map { " \($0)" } ?? "")
    }
  }

  package typealias Configuration = Conv2DConfiguration

  package static var name: String { "conv2d_forward" }

  package static var exampleProblems: [Problem] {
    Conv2DShape.examples.enumerated().map { index, shape in
      Problem(
        shape: shape, withResidual: index % 3 == 0,
        normalization: InputNormalization.example(index))
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    let shape = problem.shape
    return [
      TensorArgument("x", .input, count: shape.inCount)
    ] + (problem.normalization?.tensors(shape) ?? []) + [
      TensorArgument("w", .input, count: shape.filterCount)
    ] + (problem.withResidual ? [TensorArgument("residual", .input, count: shape.outCount)] : [])
      + [TensorArgument("y", .output, count: shape.outCount)]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    Conv2DConfiguration.candidates(problem.shape, backward: false, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let shape = problem.shape
    let fused = problem.normalization.flatMap { $0.canBeFused ? $0 : nil }
    let plan: OperationPlan
    switch configuration {
    case .direct(let tiling):
      plan = tiling.plan(
        shape, backward: false, from: "x", to: "y", withResidual: problem.withResidual)
      return problem.normalization?.before(plan, shape) ?? plan
    case .im2col(let tiling):
      plan = tiling.forward(shape, withResidual: problem.withResidual)
      return problem.normalization?.before(plan, shape) ?? plan
    case .winograd(let tiling):
      plan = WinogradLaunches(shape: shape, tiling: tiling).plan(
        backward: false, from: "x", to: "y", withResidual: problem.withResidual,
        normalization: fused)
    case .winogradFused(let tiling):
      plan = tiling.plan(
        shape, backward: false, from: "x", to: "y", withResidual: problem.withResidual,
        normalization: fused)
    }
    return fused == problem.normalization
      ? plan : problem.normalization?.before(plan, shape) ?? plan
  }

  package static func isExact(_ configuration: Configuration) -> Bool {
    configuration.isExact
  }

  package static func cost(_ problem: Problem) -> Cost {
    var cost = problem.shape.cost
    if problem.withResidual { cost.bytes += 4 * Double(problem.shape.outCount) }
    return cost
  }

  package static func work(
    _ problem: Problem, _ configuration: Configuration, on device: DeviceInfo
  ) -> Work {
    let shape = problem.shape
    let work = configuration.work(
      shape, backward: false, withResidual: problem.withResidual, on: device)
    return problem.normalization?.added(to: work, shape, canFuse: !configuration.isExact) ?? work
  }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    problem.normalization?.exampleInput(
      problem.shape, tensor, kind: kind, generator: &generator)
      ?? generator.values(count: tensor.count, kind: kind)
  }

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    problem.normalization?.exampleScalars(problem.shape) ?? [[:]]
  }

  package static func distance(_ a: Problem, _ b: Problem) -> Double? {
    a.shape.distance(to: b.shape).map {
      $0 + (a.withResidual == b.withResidual ? 0 : 0.02)
        + (a.normalization == b.normalization ? 0 : 0.02)
    }
  }
}
