import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about stochastic gradient descent.
@Suite(.serialized)
struct SGDTests {
  /// Runs steps with gradient `g` from `p`, the velocity not a number at first, and compares every
  /// element after each.
  private func check(
    _ problem: SGD.Problem, g: Float, p: Float, expected: [(p: Float, v: Float)]
  ) throws {
    let device = try TestDevice()
    func array(_ value: Float) -> [Float] { Array(repeating: value, count: problem.count) }
    for configuration in SGD.candidates(for: problem, on: device.context.info) {
      var (parameters, velocities) = (array(p), array(.nan))
      for (step, expected) in expected.enumerated() {
        let result = try run(
          SGD.self, problem, configuration, [array(g), parameters, velocities],
          scalars: ["learningRate": .float(0.1), "firstStep": .int(step == 0 ? 1 : 0)],
          on: device)
        (parameters, velocities) = (try #require(result["p"]), try #require(result["v"]))
        for (name, values, value) in [
          ("p", parameters, expected.p), ("v", velocities, expected.v),
        ] {
          let wrong = values.indices.first { !(abs(values[$0] - value) < 1e-6) }
          #expect(
            wrong == nil,
            "\(configuration), step \(step + 1): \(name) is \(values), expected \(value)")
        }
      }
    }
  }

  @Test("three steps of Nesterov's momentum, by hand")
  func nesterov() throws {
    // v: 1, 1.9, 2.71; p loses 0.1 (1 + 0.9 v).
    try check(
      SGD.Problem(count: 35, momentum: 0.9, nesterov: true, weightDecay: 0), g: 1, p: 1,
      expected: [(0.81, 1), (0.539, 1.9), (0.1951, 2.71)])
  }

  @Test("dampening spares the first step, by hand")
  func dampening() throws {
    // v: 1, 0.9 + 0.5, 1.26 + 0.5; p loses 0.1 v.
    try check(
      SGD.Problem(count: 35, momentum: 0.9, dampening: 0.5, nesterov: false, weightDecay: 0),
      g: 1, p: 1, expected: [(0.9, 1), (0.76, 1.4), (0.584, 1.76)])
  }

  @Test("weight decay goes through the velocity, by hand")
  func weightDecay() throws {
    // g': 0.5 · 2 = 1, 0.5 · 1.9 = 0.95; v: 1, 0.5 + 0.95.
    try check(
      SGD.Problem(count: 35, momentum: 0.5, nesterov: false, weightDecay: 0.5), g: 0, p: 2,
      expected: [(1.9, 1), (1.755, 1.45)])
  }
}
