import Autotuner
import DeviceRuntime
import Foundation
import Operators
import TestSupport
import Testing

/// The references of bias and activation, and what kernels do far from 0.
@Suite(.serialized)
struct BiasActivationTests {
  /// torch.nn.functional.elu and sigmoid of -2, 0 and 3.
  @Test func valuesByHand() {
    func values(_ activation: Activation) -> [Double] {
      let problem = BiasActivationProblem(rows: 3, channels: 1, activation: activation)
      return BiasActivationForward.reference(problem, [[-3, -1, 2], [1]])[0].values
    }
    #expect(values(.identity) == [-2, 0, 3])
    #expect(values(.relu) == [0, 0, 3])
    #expect(largestDifference(values(.elu), [-0.8646647167633873, 0, 3]) < 1e-15)
    #expect(
      largestDifference(
        values(.sigmoid), [0.11920292202211755, 0.5, 0.9525741268224334]) < 1e-15)
  }

  @Test(arguments: Activation.allCases)
  func gradientsAreThoseOfCentralDifferences(activation: Activation) {
    let problem = BiasActivationProblem(rows: 5, channels: 3, activation: activation)
    let x = (0..<15).map { Double($0 * 7 % 15) / 3 - 2.41 }
    let bias = [0.3, -0.2, 0.05]
    let dy = (0..<15).map { Double($0 * 4 % 15) / 7 - 1 }
    func loss(_ x: [Double], _ bias: [Double]) -> Double {
      zip(BiasActivationForward.reference(problem, [x, bias])[0].values, dy)
        .reduce(0) { $0 + $1.0 * $1.1 }
    }
    let y = BiasActivationForward.reference(problem, [x, bias])[0].values
    let results = BiasActivationBackward.reference(
      problem, activation == .identity ? [dy] : [dy, y])
    let dx = activation == .identity ? dy : results[0].values
    let dbias = results[results.count - 1].values
    #expect(largestDifference(dx, centralDifferences(at: x) { loss($0, bias) }) < 1e-8)
    #expect(largestDifference(dbias, centralDifferences(at: bias) { loss(x, $0) }) < 1e-8)
  }

  @Test func extremesSaturateAndNaNStays() throws {
    let device = try TestDevice()
    let x: [Float] = [-200, -1e-6, 200, .nan]
    for activation in Activation.allCases {
      for channels in [1, 16] {
        let problem = BiasActivationProblem(rows: 4, channels: channels, activation: activation)
        for configuration in BiasActivationForward.candidates(
          for: problem, on: device.context.info)
        {
          let result = try run(
            BiasActivationForward.self, problem, configuration,
            [
              x.flatMap { Array(repeating: $0, count: channels) },
              Array(repeating: 0, count: channels),
            ],
            on: device)
          let y = try #require(result["y"])
          let expected: [Float] =
            switch activation {
            case .identity: [-200, -1e-6, 200]
            case .relu: [0, 0, 200]
            case .elu: [-1, Float(expm1(-1e-6)), 200]
            case .sigmoid: [0, 0.49999975, 1]
            }
          for row in 0..<3 {
            #expect(
              abs(y[row * channels] - expected[row]) <= 1e-6 * abs(expected[row]) + 1e-30,
              "\(activation) of \(x[row]), \(configuration)")
          }
          #expect(y[3 * channels].isNaN, "\(activation), \(configuration)")
        }
      }
    }
  }
}
