import Autotuner
import DeviceRuntime

/// The gradients of y = x·wᵀ + bias: dx = dy·w, dw = dyᵀ·x, dbias = the sum of dy's rows.
package enum LinearBackward: TunableOperation {
  package typealias Problem = LinearProblem
  package typealias Configuration = LinearConfiguration

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
    LinearConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    func launch(_ entryPoint: String, _ range: NDRange, _ arguments: [OperationPlan.Argument])
      -> OperationPlan.Launch
    {
      .kernel(
        OperationPlan.KernelLaunch(
          source: "linear/linear_backward.cl", entryPoint: entryPoint,
          macros: configuration.macros, range: range, arguments: arguments))
    }
    switch configuration.algorithm {
    case .direct:
      let dataItems = ceilDivide(problem.batch, configuration.itemM)
      let weightItems = ceilDivide(problem.outputs, configuration.itemM)
      return OperationPlan(launches: [
        launch(
          name, NDRange(groups: NDRange.Size(dataItems + weightItems)),
          [
            .buffer("dy"), .buffer("x"), .buffer("w"), .buffer("dx"), .buffer("dw"),
            .buffer("dbias"), .int(problem.batch), .int(problem.inputs), .int(problem.outputs),
            .int(dataItems),
          ])
      ])
    case .product:
      return OperationPlan(launches: [
        .product(
          BLAS.Product(m: problem.batch, n: problem.inputs, k: problem.outputs), a: "dy", b: "w",
          c: "dx"),
        .product(
          BLAS.Product(m: problem.outputs, n: problem.inputs, k: problem.batch, transposeA: .yes),
          a: "dy", b: "x", c: "dw"),
        launch(
          "\(name)_bias", configuration.range(problem.outputs),
          [.buffer("dy"), .buffer("dbias"), .int(problem.batch), .int(problem.outputs)]),
      ])
    }
  }

  package static func cost(_ problem: Problem) -> Cost {
    let product = problem.product
    return Cost(flops: 2 * product.flops, bytes: 2 * product.bytes)
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (dy, x, w) = (inputs[0], inputs[1], inputs[2])
    let (batch, from, to) = (problem.batch, problem.inputs, problem.outputs)
    var dbias = productReference(
      m: 1, n: to, k: batch, a: { _, _ in 1 }, b: { dy[$0 * to + $1] })
    dbias.sumsPixels = true
    return [
      productReference(
        m: batch, n: from, k: to, a: { dy[$0 * to + $1] }, b: { w[$0 * from + $1] }),
      productReference(
        m: to, n: from, k: batch, a: { dy[$1 * to + $0] }, b: { x[$0 * from + $1] }),
      dbias,
    ]
  }
}
