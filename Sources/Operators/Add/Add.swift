import Autotuner
import DeviceRuntime

/// y = a + b.
package enum Add: TunableOperation {
  package typealias Problem = ElementCount
  package typealias Configuration = RunConfiguration

  package static var name: String { "add" }

  package static var exampleProblems: [Problem] {
    [1, 3, 15, 16, 17, 1000, 4096, 40_003].map { Problem(count: $0) }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("a", .input, count: problem.count),
      TensorArgument("b", .input, count: problem.count),
      TensorArgument("y", .output, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    let cpu = [2048, 512].map { Configuration(vec: 16, itemN: $0, wgX: 1) }
    let gpu = [
      Configuration(vec: 4, itemN: 1, wgX: min(256, device.maxWorkGroup)),
      Configuration(vec: 4, itemN: 4, wgX: min(64, device.maxWorkGroup)),
      Configuration(vec: 1, itemN: 1, wgX: min(256, device.maxWorkGroup)),
    ]
    return device.kind == .gpu ? gpu + cpu : cpu + gpu
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "add/add.cl", entryPoint: "add", macros: configuration.macros,
          range: configuration.range(problem.count),
          arguments: [.buffer("a"), .buffer("b"), .buffer("y"), .int(problem.count)]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: Double(problem.count), bytes: 12 * Double(problem.count))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (a, b) = (inputs[0], inputs[1])
    return [
      ReferenceOutput([problem.count]) {
        let sum = a[$0] + b[$0]
        return (sum, roundoff * abs(sum))
      }
    ]
  }
}
