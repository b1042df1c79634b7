import Autotuner
import DeviceRuntime

/// One step of stochastic gradient descent over all parameters, in place.
///
/// g' = g + weightDecay·p; v = first step ? g' : momentum·v + (1 - dampening)·g';
/// p -= learningRate·(nesterov ? g' + momentum·v : v). The scalars "learningRate" and "firstStep"
/// (1 where the velocities count as never used) change from step to step.
package enum SGD: TunableOperation {
  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var count: Int
    package var momentum: Float
    package var dampening: Float
    package var nesterov: Bool
    package var weightDecay: Float

    package init(
      count: Int, momentum: Float, dampening: Float = 0, nesterov: Bool, weightDecay: Float
    ) {
      self.count = count
      self.momentum = momentum
      self.dampening = dampening
      self.nesterov = nesterov
      self.weightDecay = weightDecay
    }

    package var description: String {
      "\(count) m\(momentum) d\(dampening) wd\(weightDecay)\(nesterov ? " nesterov" : "")"
    }
  }

  package struct Configuration: Hashable, Codable, Sendable, CustomStringConvertible {
    /// Floats in a vector. 16 on a CPU, 1 or 4 on a GPU.
    package var vec: Int
    /// Vectors per work-item.
    package var unroll: Int
    /// Work-items in a group.
    package var workGroup: Int

    package var description: String { "v\(vec)_u\(unroll)_wg\(workGroup)" }
  }

  package static var name: String { "sgd" }

  package static var exampleProblems: [Problem] {
    [1, 15, 16, 17, 1000, 70_000].flatMap { count in
      [
        Problem(count: count, momentum: 0.9, nesterov: true, weightDecay: 5e-4),
        Problem(count: count, momentum: 0.5, dampening: 0.25, nesterov: false, weightDecay: 0),
      ]
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [
      TensorArgument("g", .input, count: problem.count),
      TensorArgument("p", .inputOutput, count: problem.count),
      TensorArgument("v", .inputOutput, count: problem.count),
    ]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    let cpu = [Configuration(vec: 16, unroll: 1024, workGroup: 1)]
    let gpu = [
      Configuration(vec: 4, unroll: 1, workGroup: 64),
      Configuration(vec: 1, unroll: 1, workGroup: 128),
    ].filter { $0.workGroup <= device.maxWorkGroup }
    return device.kind == .gpu ? gpu + cpu : cpu + gpu
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let span = configuration.vec * configuration.unroll * configuration.workGroup
    return OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "sgd/sgd.cl", entryPoint: name,
          macros: [
            Macro("COUNT", problem.count), Macro("VEC", configuration.vec),
            Macro("UNROLL", configuration.unroll), Macro("WG_X", configuration.workGroup),
            Macro("MOMENTUM", problem.momentum), Macro("DAMPENING", problem.dampening),
            Macro("WEIGHT_DECAY", problem.weightDecay), Macro("NESTEROV", problem.nesterov),
          ],
          range: NDRange(
            groups: NDRange.Size(ceilDivide(problem.count, span)),
            local: NDRange.Size(configuration.workGroup)),
          arguments: [
            .buffer("g"), .dynamic("learningRate"), .dynamic("firstStep"), .buffer("p"),
            .buffer("v"),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 6 * Double(problem.count), bytes: 20 * Double(problem.count))
  }

  package static func exampleScalars(_ problem: Problem) -> DynamicScalars {
    ["learningRate": .float(0.125), "firstStep": .int(problem.count % 2 == 0 ? 0 : 1)]
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let (g, p, v) = (inputs[0], inputs[1], inputs[2])
    let momentum = Double(problem.momentum)
    let first = problem.count % 2 != 0
    var newP: [Double] = []
    var newV: [Double] = []
    for i in 0..<problem.count {
      let gradient = g[i] + Double(problem.weightDecay) * p[i]
      let velocity =
        first ? gradient : momentum * v[i] + (1 - Double(problem.dampening)) * gradient
      newV.append(velocity)
      newP.append(
        p[i] - 0.125 * (problem.nesterov ? gradient + momentum * velocity : velocity))
    }
    let bounds = (0..<problem.count).map { 8 * 0x1p-24 * (abs(g[$0]) + abs(p[$0]) + abs(v[$0])) }
    return [
      ReferenceResult(values: newP, tolerance: bounds, exactOnIntegers: false),
      ReferenceResult(values: newV, tolerance: bounds, exactOnIntegers: false),
    ]
  }
}
