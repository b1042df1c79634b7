import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about the linear layer.
@Suite(.serialized)
struct LinearTests {
  @Test("the backward reference is the gradient of the forward one")
  func gradientsAreCentralDifferences() {
    let problem = LinearProblem(batch: 3, inputs: 5, outputs: 4)
    var generator = ExampleGenerator(seed: 1)
    let x = generator.values(count: 15, kind: .random)
    let w = generator.values(count: 20, kind: .random)
    let bias = generator.values(count: 4, kind: .random)
    let dy = generator.values(count: 12, kind: .random)
    func loss(_ x: [Double], _ w: [Double], _ bias: [Double]) -> Double {
      zip(LinearForward.reference(problem, [x, w, bias])[0].values, dy).reduce(0) {
        $0 + $1.0 * $1.1
      }
    }
    let gradients = LinearBackward.reference(problem, [dy, x, w]).map(\.values)
    let expected = [
      centralDifferences(at: x) { loss($0, w, bias) },
      centralDifferences(at: w) { loss(x, $0, bias) },
      centralDifferences(at: bias) { loss(x, w, $0) },
    ]
    for (actual, expected) in zip(gradients, expected) {
      #expect(largestDifference(actual, expected) < 1e-9)
    }
  }

  @Test("two launches give the same bits")
  func launchesRepeat() throws {
    let device = try TestDevice()
    let problem = LinearProblem(batch: 130, inputs: 72, outputs: 11)
    var generator = ExampleGenerator(seed: 2)
    func values(_ count: Int) -> [Float] {
      generator.values(count: count, kind: .random).map { Float($0) }
    }
    let (x, w, bias) = (values(130 * 72), values(11 * 72), values(11))
    let dy = values(130 * 11)
    for configuration in LinearForward.candidates(for: problem, on: device.context.info) {
      let results = try (1...2).map { times in
        (
          try run(
            LinearForward.self, problem, configuration, [x, w, bias], times: times, on: device),
          try run(
            LinearBackward.self, problem, configuration, [dy, x, w], times: times, on: device)
        )
      }
      #expect(results[0] == results[1], "\(configuration)")
    }
  }
}
