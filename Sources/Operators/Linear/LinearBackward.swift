import Autotuner
import DeviceRuntime

/// The gradients of y = x·wᵀ + bias: dx = dy·w, dw = dyᵀ·x, dbias = the sum of dy's rows.
package enum LinearBackward: TunableOperation {
  package typealias Problem = LinearProblem
  package typealias Configuration = RowConfiguration

  package static var name: String { "linear_backward" }

  package static var exampleProblems: [Problem] { LinearProblem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("dy", .input, count: problem.batch * problem.outputs),
      TensorArgument("x", .input, count: problem.batch * problem.inputs),
      TensorArgument("w", .input, count: problem.outputs * problem.inputs),
      TensorArgument("dx", .output, count: problem.batch * problem.inputs),
      TensorArgument("dw", .output, count: problem.outputs * problem.inputs),
      TensorArgument("dbias", .output, count: problem.outputs),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RowConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .product(
        BLAS.Product(m: problem.batch, n: problem.inputs, k: problem.outputs), a: "dy", b: "w",
        c: "dx"),
      .product(
        BLAS.Product(m: problem.outputs, n: problem.inputs, k: problem.batch, transposeA: .yes),
        a: "dy", b: "x", c: "dw"),
      .kernel(
        OperationPlan.KernelLaunch(
          source: "linear/linear.cl", entryPoint: "linear_sum_rows",
          macros: [
            Macro("ROWS", problem.batch), Macro("COLUMNS", problem.outputs), configuration.macro,
          ],
          range: configuration.range(problem.outputs),
          arguments: [.buffer("dy"), .buffer("dbias")])),
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    let product = problem.product
    return Cost(flops: 2 * product.flops, bytes: 2 * product.bytes)
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let (dy, x, w) = (inputs[0], inputs[1], inputs[2])
    let (batch, from, to) = (problem.batch, problem.inputs, problem.outputs)
    return [
      productReference(
        m: batch, n: from, k: to, a: { dy[$0 * to + $1] }, b: { w[$0 * from + $1] }),
      productReference(
        m: to, n: from, k: batch, a: { dy[$1 * to + $0] }, b: { x[$0 * from + $1] }),
      productReference(m: 1, n: to, k: batch, a: { _, _ in 1 }, b: { dy[$0 * to + $1] }),
    ]
  }
}
