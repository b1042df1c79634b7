import Autotuner
import DeviceRuntime

/// y = value: sets every element of a buffer.
package enum Fill: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var count: Int
    package var value: Float

    package init(count: Int, value: Float) {
      precondition(count > 0, "fill of \(count)")
      self.count = count
      self.value = value
    }

    package var description: String { "\(count) = \(value)" }
  }

  package typealias Configuration = RunConfiguration

  package static var name: String { "fill" }

  package static var exampleProblems: [Problem] {
    [1, 3, 15, 16, 17, 1000, 40_003].map { Problem(count: $0, value: 1.5) }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [TensorArgument("y", .output, count: problem.count)]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RunConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "fill/fill.cl", entryPoint: "fill", macros: configuration.macros,
          range: configuration.range(problem.count),
          arguments: [.buffer("y"), .int(problem.count), .float(problem.value)]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 0, bytes: 4 * Double(problem.count))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    [ReferenceOutput([problem.count]) { _ in (Double(problem.value), 0) }]
  }
}
