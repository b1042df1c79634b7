import Autotuner
import DeviceRuntime

/// y = x·wᵀ + bias, by CLBlast.
package enum LinearForward: TunableOperation {
  package typealias Problem = LinearProblem
  package typealias Configuration = RowConfiguration

  package static var name: String { "linear_forward" }

  package static var exampleProblems: [Problem] { LinearProblem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("x", .input, count: problem.batch * problem.inputs),
      TensorArgument("w", .input, count: problem.outputs * problem.inputs),
      TensorArgument("bias", .input, count: problem.outputs),
      TensorArgument("y", .output, count: problem.batch * problem.outputs),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RowConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "linear/linear.cl", entryPoint: "linear_fill_bias",
          macros: [
            Macro("ROWS", problem.batch), Macro("COLUMNS", problem.outputs), configuration.macro,
          ],
          range: configuration.range(problem.batch * problem.outputs),
          arguments: [.buffer("bias"), .buffer("y")])),
      .product(
        BLAS.Product(
          m: problem.batch, n: problem.outputs, k: problem.inputs, transposeB: .yes, beta: 1),
        a: "x", b: "w", c: "y"),
    ])
  }

  package static func cost(_ problem: Problem) -> Cost { problem.product }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let (x, w, bias) = (inputs[0], inputs[1], inputs[2])
    return [
      productReference(
        m: problem.batch, n: problem.outputs, k: problem.inputs, start: { bias[$0] },
        a: { x[$0 * problem.inputs + $1] }, b: { w[$1 * problem.inputs + $0] })
    ]
  }
}
