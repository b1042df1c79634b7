import Autotuner
import DeviceRuntime

/// Adds the gradient of one part of a batch to the sum over its parts, in place.
///
/// sum = first part ? weight·g : sum + weight·g. The scalars "weight", the part's share of the
/// batch's images, and "firstPart" (1 where the sum counts as zero) change from part to part.
package enum GradientSum: TunableOperation {
  package typealias Problem = ElementCount
  package typealias Configuration = RunConfiguration

  package static var name: String { "gradient_sum" }

  package static var exampleProblems: [Problem] {
    [1, 15, 16, 17, 1000, 70_000].map { Problem(count: $0) }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("g", .input, count: problem.count),
      TensorArgument("sum", .inputOutput, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RunConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "sgd/gradient_sum.cl", entryPoint: name, macros: configuration.macros,
          range: configuration.range(problem.count),
          arguments: [
            .buffer("g"), .buffer("sum"), .int(problem.count), .dynamic("weight"),
            .dynamic("firstPart"),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 2 * Double(problem.count), bytes: 12 * Double(problem.count))
  }

  /// Of a first part and of a later one.
  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [1, 0].map { ["weight": .float(0.25), "firstPart": .int($0)] }
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (g, sum) = (inputs[0], inputs[1])
    let weight = scalars.number("weight")
    let isFirst = scalars.integer("firstPart") != 0
    return [
      ReferenceOutput([problem.count]) {
        let before = isFirst ? 0 : sum[$0]
        // A product and a sum, each rounded once.
        return (before + weight * g[$0], 2 * roundoff * (abs(weight * g[$0]) + abs(before)))
      }
    ]
  }
}
