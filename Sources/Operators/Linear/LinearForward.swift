import Autotuner
import DeviceRuntime

/// y = x·wᵀ + bias.
package enum LinearForward: TunableOperation {
  package typealias Problem = LinearProblem
  package typealias Configuration = LinearConfiguration

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
    LinearConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    func launch(_ entryPoint: String, over rows: Int, _ arguments: [OperationPlan.Argument])
      -> OperationPlan.Launch
    {
      .kernel(
        OperationPlan.KernelLaunch(
          source: "linear/linear_forward.cl", entryPoint: entryPoint,
          macros: configuration.macros, range: configuration.range(rows), arguments: arguments))
    }
    switch configuration.algorithm {
    case .direct:
      return OperationPlan(launches: [
        launch(
          name, over: problem.batch,
          [
            .buffer("x"), .buffer("w"), .buffer("bias"), .buffer("y"), .int(problem.batch),
            .int(problem.inputs), .int(problem.outputs),
          ])
      ])
    case .product:
      return OperationPlan(launches: [
        launch(
          "\(name)_bias", over: problem.batch * problem.outputs,
          [.buffer("bias"), .buffer("y"), .int(problem.batch), .int(problem.outputs)]),
        .product(
          BLAS.Product(
            m: problem.batch, n: problem.outputs, k: problem.inputs, transposeB: .yes, beta: 1),
          a: "x", b: "w", c: "y"),
      ])
    }
  }

  package static func cost(_ problem: Problem) -> Cost { problem.product }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (x, w, bias) = (inputs[0], inputs[1], inputs[2])
    return [
      productReference(
        m: problem.batch, n: problem.outputs, k: problem.inputs, start: { bias[$0] },
        a: { x[$0 * problem.inputs + $1] }, b: { w[$1 * problem.inputs + $0] })
    ]
  }
}
