import Autotuner
import DeviceRuntime

/// y = f(x + bias), the bias one number a channel.
package enum BiasActivationForward: TunableOperation {
  package typealias Problem = BiasActivationProblem
  package typealias Configuration = PixelTiling

  package static var name: String { "bias_activation_forward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.count),
      TensorArgument("bias", .input, count: problem.channels),
      TensorArgument("y", .output, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    PixelTiling.candidates(channels: problem.channels, divisor: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "bias_activation/\(name).cl", entryPoint: name,
          macros: configuration.macros + [problem.activation.macro],
          range: configuration.range(pixels: problem.rows, channels: problem.channels),
          arguments: [
            .buffer("x"), .buffer("bias"), .buffer("y"), .int(problem.rows),
            .int(problem.channels),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 2 * Double(problem.count), bytes: 4 * Double(2 * problem.count + problem.channels))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (x, bias) = (inputs[0], inputs[1])
    let activation = problem.activation
    return [
      ReferenceOutput(
        [problem.rows, problem.channels], exactOnIntegers: activation.isExactOnIntegers
      ) {
        let sum = x[$0] + bias[$0 % problem.channels]
        // The sum's rounding, and a few units of e's power, which is at most 1 behind the bend.
        return (
          activation.value(sum),
          2 * roundoff * abs(sum) + (activation.isExactOnIntegers ? 0 : 16 * roundoff)
        )
      }
    ]
  }
}
