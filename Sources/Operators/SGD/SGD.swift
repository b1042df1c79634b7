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
      precondition(count > 0, "SGD of \(count) parameters")
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

  package typealias Configuration = RunConfiguration

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
    RunConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "sgd/sgd.cl", entryPoint: name,
          macros: configuration.macros + [
            Macro("MOMENTUM", problem.momentum), Macro("DAMPENING", problem.dampening),
            Macro("WEIGHT_DECAY", problem.weightDecay), Macro("NESTEROV", problem.nesterov),
          ],
          range: configuration.range(problem.count),
          arguments: [
            .buffer("g"), .buffer("p"), .buffer("v"), .int(problem.count),
            .dynamic("learningRate"), .dynamic("firstStep"),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 6 * Double(problem.count), bytes: 20 * Double(problem.count))
  }

  /// Odd counts are taken for first steps.
  package static func exampleScalars(_ problem: Problem) -> DynamicScalars {
    ["learningRate": .float(0.125), "firstStep": .int(problem.count % 2 == 0 ? 0 : 1)]
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    reference(problem, inputs, learningRate: 0.125, firstStep: problem.count % 2 != 0)
  }

  /// The reference of any step; the results are p and v.
  package static func reference(
    _ problem: Problem, _ inputs: [[Double]], learningRate: Double, firstStep: Bool
  ) -> [ReferenceResult] {
    let (g, p, v) = (inputs[0], inputs[1], inputs[2])
    let momentum = Double(problem.momentum)
    let share = 1 - Double(problem.dampening)
    let decay = Double(problem.weightDecay)
    var newP: [Double] = []
    var newV: [Double] = []
    var boundP: [Double] = []
    var boundV: [Double] = []
    for i in 0..<problem.count {
      let gradient = g[i] + decay * p[i]
      let velocity = firstStep ? gradient : momentum * v[i] + share * gradient
      newV.append(velocity)
      let step = problem.nesterov ? gradient + momentum * velocity : velocity
      newP.append(p[i] - learningRate * step)
      // At most four roundings on the way to v and four more to p, of these magnitudes.
      let gradientSize = abs(g[i]) + decay * abs(p[i])
      let velocitySize = firstStep ? gradientSize : momentum * abs(v[i]) + share * gradientSize
      let stepSize = problem.nesterov ? gradientSize + momentum * velocitySize : velocitySize
      boundV.append(4 * roundoff * velocitySize)
      boundP.append(8 * roundoff * (abs(p[i]) + learningRate * stepSize))
    }
    return [
      ReferenceResult(values: newP, tolerance: boundP, exactOnIntegers: false),
      ReferenceResult(values: newV, tolerance: boundV, exactOnIntegers: false),
    ]
  }
}
