import Autotuner
import DeviceRuntime

/// The gradients of `BatchNormReLUForward` with the batch's statistics.
///
/// dx has the shortcut's gradient "addend" added where asked. The ReLU's sign and the dropout
/// mask are computed again; at exactly 0 the ReLU passes nothing.
package enum BatchNormReLUBackward: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var rows: Int
    package var channels: Int
    package var relu: Bool
    /// The forward pass's probability of dropping an element; 0 for none.
    package var dropout: Float
    package var withAddend: Bool

    package init(
      rows: Int, channels: Int, relu: Bool = true, dropout: Float = 0, withAddend: Bool = false
    ) {
      precondition(rows > 0 && channels > 0, "batch normalisation of \(rows)x\(channels)")
      precondition(dropout >= 0 && dropout < 1, "a dropout rate is in 0..<1, not \(dropout)")
      self.rows = rows
      self.channels = channels
      self.relu = relu
      self.dropout = dropout
      self.withAddend = withAddend
    }

    package var description: String {
      "\(rows)x\(channels)" + (relu ? "_relu" : "") + (dropout > 0 ? "_p\(dropout)" : "")
        + (withAddend ? "_addend" : "")
    }
  }

  package typealias Configuration = BatchNormTiling

  package static var name: String { "batchnorm_relu_backward" }

  package static var exampleProblems: [Problem] {
    BatchNormTiling.exampleSizes.map { Problem(rows: $0.0, channels: $0.1) } + [
      Problem(rows: 98, channels: 7, withAddend: true),
      Problem(rows: 1000, channels: 64, withAddend: true),
      Problem(rows: 588, channels: 5, dropout: 0.3, withAddend: true),
      Problem(rows: 588, channels: 32, relu: false, dropout: 0.5),
      Problem(rows: 1000, channels: 16, dropout: 0.5),
      Problem(rows: 98, channels: 160, dropout: 0.3, withAddend: true),
      Problem(rows: 98, channels: 64, relu: false),
    ]
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    let count = problem.rows * problem.channels
    return [
      TensorArgument("dy", .input, count: count),
      TensorArgument("x", .input, count: count),
      TensorArgument("mean", .input, count: problem.channels),
      TensorArgument("inverseDeviation", .input, count: problem.channels),
      TensorArgument("gamma", .input, count: problem.channels),
      TensorArgument("beta", .input, count: problem.channels),
    ] + (problem.withAddend ? [TensorArgument("addend", .input, count: count)] : []) + [
      TensorArgument("dx", .output, count: count),
      TensorArgument("dgamma", .output, count: problem.channels),
      TensorArgument("dbeta", .output, count: problem.channels),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    BatchNormTiling.candidates(rows: problem.rows, channels: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let macros =
      configuration.macros + [
        Macro("WITH_RELU", problem.relu), Macro("WITH_DROPOUT", problem.dropout > 0),
        Macro("WITH_ADDEND", problem.withAddend),
      ]
    let inputs: [OperationPlan.Argument] = [
      .buffer("dy"), .buffer("x"), .buffer("mean"), .buffer("inverseDeviation"), .buffer("gamma"),
      .buffer("beta"),
    ]
    let sizes: [OperationPlan.Argument] = [.int(problem.rows), .int(problem.channels)]
    let dropout = problem.dropout > 0 ? DropoutMask.arguments(rate: problem.dropout) : []
    func launch(
      _ phase: String, _ range: NDRange, _ arguments: [OperationPlan.Argument]
    ) -> OperationPlan.Launch {
      .kernel(
        OperationPlan.KernelLaunch(
          source: "batchnorm/batchnorm_relu_backward.cl", entryPoint: "\(name)_\(phase)",
          macros: macros, range: range, arguments: arguments))
    }
    let tiles = configuration.tiles(rows: problem.rows, channels: problem.channels)
    let partial = configuration.chunks(problem.rows) * problem.channels
    return OperationPlan(
      scratch: [
        OperationPlan.Scratch("chunkSums", count: partial),
        OperationPlan.Scratch("chunkProducts", count: partial),
        OperationPlan.Scratch("slope", count: problem.channels),
        OperationPlan.Scratch("intercept", count: problem.channels),
      ],
      launches: [
        launch(
          "chunks", tiles,
          inputs + [.buffer("chunkSums"), .buffer("chunkProducts")] + sizes + dropout),
        launch(
          "finish", configuration.joins(channels: problem.channels),
          [
            .buffer("chunkSums"), .buffer("chunkProducts"), .buffer("inverseDeviation"),
            .buffer("gamma"), .buffer("dgamma"), .buffer("dbeta"), .buffer("slope"),
            .buffer("intercept"),
          ] + sizes),
        launch(
          "apply", tiles,
          inputs + (problem.withAddend ? [.buffer("addend")] : [])
            + [.buffer("slope"), .buffer("intercept"), .buffer("dx")] + sizes + dropout),
      ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    let count = Double(problem.rows * problem.channels)
    return Cost(
      flops: 12 * count,
      bytes: 4 * ((problem.withAddend ? 6 : 5) * count + 6 * Double(problem.channels)))
  }

  /// Numbers whose pre-activations are exact in single precision, so that their signs are too.
  package static func exampleInput(
    _ problem: Problem, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    let values = generator.values(count: tensor.count, kind: kind)
    return switch (tensor.name, kind) {
    case ("inverseDeviation", .integers): values.map { abs($0) + 1 }
    case ("inverseDeviation", .random): values.map { $0 < 0 ? 0.5 : $0 < 0.5 ? 1 : 2 }
    case ("x", .random), ("mean", .random): values.map { ($0 * 64).rounded() / 64 }
    case ("gamma", .random), ("beta", .random): values.map { ($0 * 16).rounded() / 16 }
    default: values
    }
  }

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [problem.dropout > 0 ? DropoutMask.example(rate: problem.dropout).scalars : [:]]
  }
}
