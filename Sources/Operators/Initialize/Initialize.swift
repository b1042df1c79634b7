import Autotuner
import DeviceRuntime
import Foundation
import Randomness

/// y = random numbers from the scalars "seedLow", "seedHigh" and "stream", a tensor's number.
package enum Initialize: TunableOperation {
  package enum Distribution: Hashable, Codable, Sendable, CustomStringConvertible {
    case normal(standardDeviation: Float)
    case uniform(low: Float, high: Float)

    package var description: String {
      switch self {
      case .normal(let deviation): "normal \(deviation)"
      case .uniform(let low, let high): "uniform \(low) to \(high)"
      }
    }
  }

  package struct Problem: Hashable, Codable, Sendable, CustomStringConvertible {
    package var count: Int
    package var distribution: Distribution

    package init(count: Int, distribution: Distribution) {
      self.count = count
      self.distribution = distribution
    }

    package var description: String { "\(count) \(distribution)" }
  }

  package typealias Configuration = RowConfiguration

  package static var name: String { "initialize" }

  package static var exampleProblems: [Problem] {
    [1, 3, 4, 5, 1001].flatMap { count in
      [
        Problem(count: count, distribution: .normal(standardDeviation: 0.25)),
        Problem(count: count, distribution: .uniform(low: -0.5, high: 1.5)),
      ]
    }
  }

  package static func tensors(_ problem: Problem) -> [TensorArgument] {
    [TensorArgument("y", .output, count: problem.count)]
  }

  package static func candidates(for problem: Problem, on device: DeviceInfo) -> [Configuration] {
    RowConfiguration.candidates(on: device)
  }

  package static func plan(_ problem: Problem, _ configuration: Configuration) -> OperationPlan {
    let (isNormal, low, high) =
      switch problem.distribution {
      case .normal(let deviation): (true, Float(0), deviation)
      case .uniform(let low, let high): (false, low, high)
      }
    return OperationPlan(launches: [
      .kernel(
        OperationPlan.KernelLaunch(
          source: "fill/initialize.cl", entryPoint: name,
          macros: [
            Macro("COUNT", problem.count), Macro("NORMAL", isNormal), configuration.macro,
          ],
          range: configuration.range(ceilDivide(problem.count, 4)),
          arguments: [
            .dynamic("seedLow"), .dynamic("seedHigh"), .dynamic("stream"), .float(low),
            .float(high), .buffer("y"),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 0, bytes: 4 * Double(problem.count))
  }

  package static func exampleScalars(_ problem: Problem) -> DynamicScalars {
    ["seedLow": .uint(7), "seedHigh": .uint(9), "stream": .uint(3)]
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let philox = Philox(seed: 9 << 32 | 7)
    var values: [Double] = []
    for block in 0..<UInt32(ceilDivide(problem.count, 4)) {
      let words = philox(block, 0x494e_4954, 3, 0)
      let u = (0..<4).map { Double(Philox.uniform(words[$0])) }
      switch problem.distribution {
      case .uniform(let low, let high):
        values += u.map { Double(low) + Double(high - low) * $0 }
      case .normal(let deviation):
        for (a, b) in [(u[0], u[1]), (u[2], u[3])] {
          let radius = Double(deviation) * (-2 * log(1 - a)).squareRoot()
          values += [radius * cos(2 * .pi * b), radius * sin(2 * .pi * b)]
        }
      }
    }
    values = Array(values.prefix(problem.count))
    return [
      ReferenceResult(
        values: values, tolerance: values.map { _ in 32 * 0x1p-24 }, exactOnIntegers: false)
    ]
  }
}
