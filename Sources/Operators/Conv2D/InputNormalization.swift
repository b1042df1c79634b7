import Autotuner
import DeviceRuntime

/// Batch normalisation, ReLU and dropout of a convolution's input, which then need no tensor of
/// their own.
package struct InputNormalization: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Whether the running mean and variance normalise instead of the batch's.
  package var inference: Bool
  /// The probability of dropping an element; 0 for none.
  package var dropout: Float

  package init(inference: Bool, dropout: Float) {
    self.inference = inference
    self.dropout = dropout
  }

  package var description: String {
    "bn-relu" + (inference ? " inference" : "") + (dropout > 0 ? " dropout \(dropout)" : "")
  }

  /// The name of the second coefficient: what a batch gives, or what evaluation keeps.
  package var deviation: String { inference ? "variance" : "inverseDeviation" }

  private func problem(_ shape: Conv2DShape) -> BatchNormReLUForward.Problem {
    BatchNormReLUForward.Problem(
      rows: shape.batch * shape.inHeight * shape.inWidth, channels: shape.inChannels,
      inference: inference, dropout: dropout)
  }

  /// The coefficients, each with a number for each input channel.
  func tensors(_ shape: Conv2DShape) -> [TensorArgument] {
    ["mean", deviation, "gamma", "beta"].map {
      TensorArgument($0, .input, count: shape.inChannels)
    }
  }

  /// Whether a kernel may apply it while it reads: dropout's masks are made for whole rows.
  var canBeFused: Bool { dropout == 0 }

  /// What a kernel that applies it is built with; nil for one whose input is plain.
  static func macros(_ normalization: InputNormalization?) -> [Macro] {
    [
      Macro("NORMALIZE", normalization != nil),
      Macro("INFERENCE", normalization?.inference ?? false),
      Macro("EPSILON", Float(1e-5)),
    ]
  }

  var arguments: [OperationPlan.Argument] {
    [.buffer("mean"), .buffer(deviation), .buffer("gamma"), .buffer("beta")]
  }

  /// The plan of a convolution that cannot apply it itself: "x" goes first into "normalized".
  func before(_ plan: OperationPlan, _ shape: Conv2DShape) -> OperationPlan {
    var plan = plan
    plan.rename("x", to: "normalized")
    plan.scratch.append(OperationPlan.Scratch("normalized", count: shape.inCount))
    plan.launches.insert(
      .nested(
        Instance(BatchNormReLUForward.self, problem(shape)), renaming: ["y": "normalized"]),
      at: 0)
    return plan
  }

  /// The work of a convolution with this: where it is not fused, that of the launch before it, too.
  func added(to work: Work, _ shape: Conv2DShape, canFuse: Bool) -> Work {
    canFuse && canBeFused ? work : work + Work(BatchNormReLUForward.cost(problem(shape)))
  }

  /// A variety for the test problems.
  static func example(_ index: Int) -> InputNormalization? {
    switch index % 4 {
    case 1: InputNormalization(inference: false, dropout: 0)
    case 2: InputNormalization(inference: true, dropout: 0)
    case 3: InputNormalization(inference: false, dropout: 0.25)
    default: nil
    }
  }

  /// Test inputs whose deviations are positive.
  func exampleInput(
    _ shape: Conv2DShape, _ tensor: TensorArgument, kind: ExampleKind,
    generator: inout ExampleGenerator
  ) -> [Double] {
    BatchNormReLUForward.exampleInput(
      problem(shape), tensor, kind: kind, generator: &generator)
  }

  func exampleScalars(_ shape: Conv2DShape) -> [DynamicScalars] {
    BatchNormReLUForward.exampleScalars(problem(shape))
  }

  /// The normalised input and its rounding bounds; `inputs` are x and the coefficients.
  func reference(
    _ shape: Conv2DShape, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> ReferenceOutput {
    BatchNormReLUForward.reference(problem(shape), inputs, scalars)[0]
  }
}
