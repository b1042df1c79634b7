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

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (h, t, x) = (inputs[0], inputs[1], inputs[2])
    return [
      ReferenceOutput([problem.count]) {
        let (transformed, carried) = (t[$0] * h[$0], (1 - t[$0]) * x[$0])
        return (transformed + carried, 4 * roundoff * (abs(transformed) + abs(carried)))
      }
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

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (dy, h, t, x) = (inputs[0], inputs[1], inputs[2], inputs[3])
    func output(_ factor: @escaping @Sendable (Int) -> (value: Double, magnitude: Double))
      -> ReferenceOutput
    {
      ReferenceOutput([problem.count]) {
        let (value, magnitude) = factor($0)
        return (dy[$0] * value, 4 * roundoff * abs(dy[$0]) * magnitude)
      }
    }
    return [
      output { (t[$0], abs(t[$0])) }, output { (h[$0] - x[$0], abs(h[$0]) + abs(x[$0])) },
      output { (1 - t[$0], 1 + abs(t[$0])) },
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
