import Autotuner
import DeviceRuntime

/// y = x; it also measures what a device reads and writes when it computes nothing.
package enum Copy: TunableOperation {
  package typealias Problem = ElementCount
  package typealias Configuration = RunConfiguration

  package static var name: String { "copy" }

  package static var exampleProblems: [Problem] {
    [1, 15, 17, 1000, 40_003].map { Problem(count: $0) }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.count),
      TensorArgument("y", .output, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RunConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "copy/copy.cl", entryPoint: "copy", macros: configuration.macros,
          range: configuration.range(problem.count),
          arguments: [.buffer("x"), .buffer("y"), .int(problem.count)]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 0, bytes: 8 * Double(problem.count))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let x = inputs[0]
    return [ReferenceOutput([problem.count]) { (x[$0], 0) }]
  }
}
