import Autotuner
import DeviceRuntime

/// y = t·h + (1 - t)·x: a layer of a Highway network (Srivastava et al., NIPS 2015), of which the
/// gate t says how much of x is transformed into h.
package enum GateForward: TunableOperation {
  package typealias Problem = ElementCount
  package typealias Configuration = RunConfiguration

  package static var name: String { "gate_forward" }

  package static var exampleProblems: [Problem] { exampleCounts }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    ["h", "t", "x"].map { TensorArgument($0, .input, count: problem.count) }
      + [TensorArgument("y", .output, count: problem.count)]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RunConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    launch(name, problem, configuration, tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 4 * Double(problem.count), bytes: 16 * Double(problem.count))
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let terms = (0..<problem.count).map { index in
      let (h, t, x) = (inputs[0][index], inputs[1][index], inputs[2][index])
      return (transformed: t * h, carried: (1 - t) * x)
    }
    return [
      ReferenceResult(
        values: terms.map { $0.transformed + $0.carried },
        tolerance: terms.map { 4 * roundoff * (abs($0.transformed) + abs($0.carried)) })
    ]
  }
}

/// The gradients of `GateForward`: dh = t·dy, dt = (h - x)·dy, dx = (1 - t)·dy.
package enum GateBackward: TunableOperation {
  package typealias Problem = ElementCount
  package typealias Configuration = RunConfiguration

  package static var name: String { "gate_backward" }

  package static var exampleProblems: [Problem] { exampleCounts }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    ["dy", "h", "t", "x"].map { TensorArgument($0, .input, count: problem.count) }
      + ["dh", "dt", "dx"].map { TensorArgument($0, .output, count: problem.count) }
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RunConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    launch(name, problem, configuration, tensors(problem))
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 5 * Double(problem.count), bytes: 28 * Double(problem.count))
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    func result(
      _ factor: (_ h: Double, _ t: Double, _ x: Double) -> Double,
      _ magnitude: (_ h: Double, _ t: Double, _ x: Double) -> Double
    ) -> ReferenceResult {
      let values = (0..<problem.count).map { index in
        inputs[0][index] * factor(inputs[1][index], inputs[2][index], inputs[3][index])
      }
      let tolerance = (0..<problem.count).map { index in
        4 * roundoff * abs(inputs[0][index])
          * magnitude(inputs[1][index], inputs[2][index], inputs[3][index])
      }
      return ReferenceResult(values: values, tolerance: tolerance)
    }
    return [
      result({ _, t, _ in t }, { _, t, _ in abs(t) }),
      result({ h, _, x in h - x }, { h, _, x in abs(h) + abs(x) }),
      result({ _, t, _ in 1 - t }, { _, t, _ in 1 + abs(t) }),
    ]
  }
}

private let exampleCounts = [1, 3, 15, 16, 17, 1000, 40_003].map { ElementCount(count: $0) }

private func launch(
  _ entryPoint: String, _ problem: ElementCount, _ configuration: RunConfiguration,
  _ tensors: [TensorArgument]
) -> OperationPlan {
  OperationPlan(launches: [
    .kernel(
      OperationPlan.KernelLaunch(
        source: "gate/gate.cl", entryPoint: entryPoint, macros: configuration.macros,
        range: configuration.range(problem.count),
        arguments: tensors.map { .buffer($0.name) } + [.int(problem.count)]))
  ])
}
