import Autotuner
import DeviceRuntime

/// y = dropout(relu((x - mean) * (gamma * inverseDeviation) + beta)), ReLU and dropout as asked.
///
/// In inference the running "variance" takes the place of "inverseDeviation". With dropout the
/// scalars "seedLow", "seedHigh", "step" and "layer" choose the mask.
package enum BatchNormReLUForward: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var rows: Int
    package var channels: Int
    package var epsilon: Float
    package var relu: Bool
    /// Whether the running mean and variance normalise instead of the batch's.
    package var inference: Bool
    /// The probability of dropping an element, in 0..<1; 0 for none.
    package var dropout: Float

    package init(
      rows: Int, channels: Int, epsilon: Float = 1e-5, relu: Bool = true, inference: Bool = false,
      dropout: Float = 0
    ) {
      precondition(rows > 0 && channels > 0, "batch normalisation of \(rows)x\(channels)")
      precondition(dropout >= 0 && dropout < 1, "a dropout rate is in 0..<1, not \(dropout)")
      self.rows = rows
      self.channels = channels
      self.epsilon = epsilon
      self.relu = relu
      self.inference = inference
      self.dropout = dropout
    }

    package var description: String {
      "\(rows)x\(channels)" + (relu ? "_relu" : "") + (inference ? "_inference" : "")
        + (dropout > 0 ? "_p\(dropout)" : "")
    }
  }

  package typealias Configuration = BatchNormTiling

  package static var name: String { "batchnorm_relu_forward" }

  package static var exampleProblems: [Problem] {
    BatchNormTiling.exampleSizes.map { Problem(rows: $0.0, channels: $0.1) } + [
      Problem(rows: 98, channels: 7, inference: true),
      Problem(rows: 1000, channels: 64, inference: true),
      Problem(rows: 588, channels: 5, dropout: 0.3),
      Problem(rows: 588, channels: 32, relu: false, dropout: 0.5),
      Problem(rows: 1000, channels: 16, dropout: 0.3),
      Problem(rows: 98, channels: 160, dropout: 0.3),
      Problem(rows: 98, channels: 64, relu: false),
    ]
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.rows * problem.channels),
      TensorArgument("mean", .input, count: problem.channels),
      TensorArgument(
        problem.inference ? "variance" : "inverseDeviation", .input, count: problem.channels),
      TensorArgument("gamma", .input, count: problem.channels),
      TensorArgument("beta", .input, count: problem.channels),
      TensorArgument("y", .output, count: problem.rows * problem.channels),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    BatchNormTiling.candidates(rows: problem.rows, channels: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "batchnorm/batchnorm_relu_forward.cl", entryPoint: name,
          macros: configuration.macros + [
            Macro("WITH_RELU", problem.relu), Macro("WITH_DROPOUT", problem.dropout > 0),
            Macro("INFERENCE", problem.inference),
          ],
          range: configuration.tiles(rows: problem.rows, channels: problem.channels),
          arguments: tensors(problem).map { .buffer($0.name) }
            + [.int(problem.rows), .int(problem.channels)]
            + (problem.inference ? [.float(problem.epsilon)] : [])
            + (problem.dropout > 0 ? DropoutMask.arguments(rate: problem.dropout) : [])))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    let count = Double(problem.rows * problem.channels)
    return Cost(flops: 3 * count, bytes: 4 * (2 * count + 4 * Double(problem.channels)))
  }

  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    let values = generator.values(count: tensor.count, kind: kind)
    return switch tensor.name {
    case "inverseDeviation", "variance": values.map { abs($0) + (kind == .integers ? 1 : 0.125) }
    default: values
    }
  }

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [problem.dropout > 0 ? DropoutMask.example(rate: problem.dropout).scalars : [:]]
  }
}
