import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about stochastic gradient descent.
@Suite(.serialized)
struct SGDTests {
  /// Runs `steps` steps with gradient `g` from `p`; the velocity starts as not a number.
  private func steps(
    _ steps: Int, _ problem: SGD.Problem, _ configuration: SGD.Configuration, g: Float, p: Float,
    learningRate: Float, on device: TestDevice
  ) throws -> (p: Float, v: Float) {
    var state = (p: p, v: Float.nan)
    for step in 0..<steps {
      func array(_ value: Float) -> [Float] { Array(repeating: value, count: problem.count) }
      let result = try run(
        SGD.self, problem, configuration, [array(g), array(state.p), array(state.v)],
        scalars: ["learningRate": .float(learningRate), "firstStep": .int(step == 0 ? 1 : 0)],
        on: device)
      let (newP, newV) = (try #require(result["p"]), try #require(result["v"]))
      #expect(newP.allSatisfy { $0 == newP[0] } || abs((newP.max() ?? 0) - newP[0]) < 1e-6)
      state = (newP[newP.count - 1], newV[newV.count - 1])
    }
    return state
  }

  private func check(
    _ problem: SGD.Problem, g: Float, p: Float, expected: [(p: Float, v: Float)]
  ) throws {
    let device = try TestDevice()
    for configuration in SGD.candidates(for: problem, on: device.context.info) {
      for (index, expected) in expected.enumerated() {
        let actual = try steps(
          index + 1, problem, configuration, g: g, p: p, learningRate: 0.1, on: device)
        #expect(abs(actual.p - expected.p) < 1e-6, "\(configuration) step \(index + 1)")
        #expect(abs(actual.v - expected.v) < 1e-6, "\(configuration) step \(index + 1)")
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
