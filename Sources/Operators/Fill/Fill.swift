import Autotuner
import DeviceRuntime

/// y = value: sets every element of a buffer.
package enum Fill: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var count: Int
    package var value: Float

    package init(count: Int, value: Float) {
      self.count = count
      self.value = value
    }

    package var description: String { "\(count) = \(value)" }
  }

  package struct Configuration: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Elements a work-item writes. 1 or 16.
    package var vec: Int
    /// Work-items in a group. 1 on a CPU, 64...256 on a GPU.
    package var workGroup: Int

    package var description: String { "v\(vec)_wg\(workGroup)" }
  }

  package static var name: String { "fill" }

  package static var exampleProblems: [Problem] {
    [1, 3, 15, 16, 17, 1000].map { Problem(count: $0, value: 1.5) }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [TensorArgument("y", .output, count: problem.count)]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    let cpu = Configuration(vec: 16, workGroup: 1)
    let gpu = Configuration(vec: 1, workGroup: min(64, device.maxWorkGroup))
    return device.kind == .gpu ? [gpu, cpu] : [cpu, gpu]
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let items = ceilDivide(problem.count, configuration.vec)
    return OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "fill/fill.cl", entryPoint: "fill",
          macros: [Macro("VEC", configuration.vec), Macro("WG_X", configuration.workGroup)],
          range: NDRange(
            groups: NDRange.Size(ceilDivide(items, configuration.workGroup)),
            local: NDRange.Size(configuration.workGroup)),
          arguments: [.float(problem.value), .int(problem.count), .buffer("y")]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 0, bytes: 4 * Double(problem.count))
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    [
      ReferenceResult(
        values: Array(repeating: Double(problem.value), count: problem.count),
        tolerance: Array(repeating: 0, count: problem.count))
    ]
  }
}
