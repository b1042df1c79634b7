import Autotuner
import DeviceRuntime

/// y = relu(share * ((x - mean) * (gamma * inverseDeviation) + beta) + b): batch normalisation with
/// the end of a post-activation residual block.
///
/// In inference the running "variance" takes the place of "inverseDeviation". The scalar "share"
/// comes with each launch; where it is 0, only b counts.
package enum BatchNormAddReLUForward: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var rows: Int
    package var channels: Int
    /// Whether the running mean and variance normalise instead of the batch's.
    package var inference: Bool

    package init(rows: Int, channels: Int, inference: Bool = false) {
      precondition(rows > 0 && channels > 0, "batch normalisation of \(rows)x\(channels)")
      self.rows = rows
      self.channels = channels
      self.inference = inference
    }

    package var description: String { "\(rows)x\(channels)" + (inference ? "_inference" : "") }

    /// The same without sum and ReLU.
    var normalization: BatchNormReLUForward.Problem {
      BatchNormReLUForward.Problem(
        rows: rows, channels: channels, relu: false, inference: inference)
    }
  }

  package typealias Configuration = BatchNormTiling

  package static var name: String { "batchnorm_add_relu_forward" }

  package static var exampleProblems: [Problem] {
    [(1, 1, false), (588, 5, false), (98, 7, true), (1000, 64, true), (98, 160, false)].map {
      Problem(rows: $0.0, channels: $0.1, inference: $0.2)
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    var tensors = BatchNormReLUForward.tensors(problem.normalization)
    tensors.insert(
      TensorArgument("b", .input, count: problem.rows * problem.channels), at: tensors.count - 1)
    return tensors
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    BatchNormTiling.candidates(rows: problem.rows, channels: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "batchnorm/batchnorm_add_relu_forward.cl", entryPoint: name,
          macros: configuration.macros + [Macro("INFERENCE", problem.inference)],
          range: configuration.tiles(rows: problem.rows, channels: problem.channels),
          arguments: tensors(problem).map { .buffer($0.name) }
            + [.int(problem.rows), .int(problem.channels), .dynamic("share")]
            + (problem.inference ? [.float(problem.normalization.epsilon)] : [])))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    let count = Double(problem.rows * problem.channels)
    return Cost(flops: 5 * count, bytes: 4 * (3 * count + 4 * Double(problem.channels)))
  }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    BatchNormReLUForward.exampleInput(
      problem.normalization, tensor, kind: kind, generator: &generator)
  }

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [["share": .float(0.5)], ["share": .float(0)]]
  }
}
