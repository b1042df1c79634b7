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

  /// Of a first step and of a later one.
  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [1, 0].map { ["learningRate": .float(0.125), "firstStep": .int($0)] }
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let (g, p, v) = (inputs[0], inputs[1], inputs[2])
    let learningRate = scalars.number("learningRate")
    let firstStep = scalars.integer("firstStep") != 0
    let momentum = Double(problem.momentum)
    let share = 1 - Double(problem.dampening)
    let decay = Double(problem.weightDecay)
    // Each with the magnitude of what was added up for it.
    @Sendable func gradient(_ i: Int) -> (value: Double, size: Double) {
      (g[i] + decay * p[i], abs(g[i]) + decay * abs(p[i]))
    }
    @Sendable func velocity(_ i: Int) -> (value: Double, size: Double) {
      let gradient = gradient(i)
      return firstStep
        ? gradient
        : (
          momentum * v[i] + share * gradient.value,
          momentum * abs(v[i]) + share * gradient.size
        )
    }
    // At most four roundings on the way to v and four more to p.
    return [
      ReferenceOutput([problem.count], exactOnIntegers: false) {
        let (gradient, velocity) = (gradient($0), velocity($0))
        let step = problem.nesterov ? gradient.value + momentum * velocity.value : velocity.value
        let size = problem.nesterov ? gradient.size + momentum * velocity.size : velocity.size
        return (
          p[$0] - learningRate * step, 8 * roundoff * (abs(p[$0]) + learningRate * size)
        )
      },
      ReferenceOutput([problem.count], exactOnIntegers: false) {
        let velocity = velocity($0)
        return (velocity.value, 4 * roundoff * velocity.size)
      },
    ]
  }
}
