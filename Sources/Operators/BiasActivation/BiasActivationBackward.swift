import Autotuner
import DeviceRuntime

/// The gradients of `BiasActivationForward`: dx = dy · f', which y gives, and dbias = the sum of
/// dx over the rows.
///
/// With the identity dx is dy: there are neither y nor dx.
package enum BiasActivationBackward: TunableOperation {
  package typealias Problem = BiasActivationProblem
  package typealias Configuration = BatchNormTiling

  package static var name: String { "bias_activation_backward" }

  package static var exampleProblems: [Problem] { Problem.examples }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    let dy = TensorArgument("dy", .input, count: problem.count)
    let dbias = TensorArgument("dbias", .output, count: problem.channels)
    guard problem.activation != .identity else { return [dy, dbias] }
    return [
      dy, TensorArgument("y", .input, count: problem.count),
      TensorArgument("dx", .output, count: problem.count), dbias,
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    BatchNormTiling.candidates(rows: problem.rows, channels: problem.channels, on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let sizes: [OperationPlan.Argument] = [.int(problem.rows), .int(problem.channels)]
    func launch(
      _ phase: String, _ range: NDRange, _ buffers: [OperationPlan.Argument]
    ) -> OperationPlan.Launch {
      .kernel(
        OperationPlan.KernelLaunch(
          source: "bias_activation/\(name).cl", entryPoint: "\(name)_\(phase)",
          macros: configuration.macros + [problem.activation.macro], range: range,
          arguments: buffers + sizes))
    }
    return OperationPlan(
      scratch: [
        OperationPlan.Scratch(
          "chunkSums", count: configuration.chunks(problem.rows) * problem.channels)
      ],
      launches: [
        launch(
          "chunks", configuration.tiles(rows: problem.rows, channels: problem.channels),
          [.buffer("dy")]
            + (problem.activation == .identity ? [] : [.buffer("y"), .buffer("dx")])
            + [.buffer("chunkSums")]),
        launch(
          "finish", configuration.joins(channels: problem.channels),
          [.buffer("chunkSums"), .buffer("dbias")]),
      ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(
      flops: 2 * Double(problem.count),
      bytes: 4
        * Double((problem.activation == .identity ? 1 : 3) * problem.count + problem.channels))
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let dy = inputs[0]
    let y = problem.activation == .identity ? nil : inputs[1]
    @Sendable func gradient(_ index: Int) -> ReferenceOutput.Element {
      guard let y = y?[index] else { return (dy[index], 0) }
      // y + 1 and y · (1 - y) cancel where they are small.
      return (
        dy[index] * problem.activation.derivative(ofValue: y),
        4 * roundoff * abs(dy[index]) * (1 + abs(y)) * (1 + abs(y))
      )
    }
    let growth = 4 * Double(problem.rows).squareRoot() * roundoff
    let sums = concurrentMap(Array(0..<problem.channels), terms: problem.rows) { channel in
      var sum: ReferenceOutput.Element = (0, 0)
      for index in stride(from: channel, to: problem.count, by: problem.channels) {
        let (value, tolerance) = gradient(index)
        sum.value += value
        sum.tolerance += growth * abs(value) + tolerance
      }
      return sum
    }
    let dbias = ReferenceOutput(sums, terms: problem.rows, sumsPixels: true)
    guard y != nil else { return [dbias] }
    return [ReferenceOutput([problem.rows, problem.channels], element: gradient), dbias]
  }
}
