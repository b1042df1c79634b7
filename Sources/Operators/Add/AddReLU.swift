import Autotuner
import DeviceRuntime

/// y = relu(share * a + b): the end of a post-activation residual block.
///
/// The scalar "share" comes with each launch; where it is 0, a is not read.
package enum AddReLUForward: TunableOperation {
  package typealias Problem = ElementCount
  package typealias Configuration = RunConfiguration

  package static var name: String { "add_relu_forward" }

  package static var exampleProblems: [Problem] { exampleCounts }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("a", .input, count: problem.count),
      TensorArgument("b", .input, count: problem.count),
      TensorArgument("y", .output, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RunConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    launch(
      name, problem, configuration, arguments: [.buffer("a"), .buffer("b"), .buffer("y")],
      scalars: [.dynamic("share")])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 2 * Double(problem.count), bytes: 12 * Double(problem.count))
  }

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [["share": .float(0.5)], ["share": .float(0)]]
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (a, b) = (inputs[0], inputs[1])
    let share = scalars.number("share")
    return [
      ReferenceOutput([problem.count]) {
        let sum = share * a[$0] + b[$0]
        return (max(sum, 0), 2 * roundoff * (abs(share * a[$0]) + abs(b[$0])))
      }
    ]
  }
}

/// The gradient of `AddReLUForward` to its sum: dx = dy where y is above 0, else 0.
package enum AddReLUBackward: TunableOperation {
  package typealias Problem = ElementCount
  package typealias Configuration = RunConfiguration

  package static var name: String { "add_relu_backward" }

  package static var exampleProblems: [Problem] { exampleCounts }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("dy", .input, count: problem.count),
      TensorArgument("y", .input, count: problem.count),
      TensorArgument("dx", .output, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RunConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    launch(
      name, problem, configuration, arguments: [.buffer("dy"), .buffer("y"), .buffer("dx")])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: Double(problem.count), bytes: 12 * Double(problem.count))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (dy, y) = (inputs[0], inputs[1])
    return [ReferenceOutput([problem.count]) { (y[$0] <= 0 ? 0 : dy[$0], 0) }]
  }
}

private let exampleCounts = [1, 3, 15, 16, 17, 1000, 40_003].map { ElementCount(count: $0) }

private func launch(
  _ entryPoint: String, _ problem: ElementCount, _ configuration: RunConfiguration,
  arguments: [OperationPlan.Argument], scalars: [OperationPlan.Argument] = []
) -> OperationPlan {
  OperationPlan(launches: [
    .kernel(
      OperationPlan.KernelLaunch(
        source: "add/add_relu.cl", entryPoint: entryPoint, macros: configuration.macros,
        range: configuration.range(problem.count),
        arguments: arguments + [.int(problem.count)] + scalars))
  ])
}
