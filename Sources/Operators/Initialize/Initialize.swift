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
      precondition(count > 0, "initialisation of \(count)")
      self.count = count
      self.distribution = distribution
    }

    package var description: String { "\(count) \(distribution)" }
  }

  package typealias Configuration = RunConfiguration

  package static var name: String { "initialize" }

  package static var exampleProblems: [Problem] {
    [1, 3, 4, 5, 63, 64, 65, 1001, 20_003].flatMap { count in
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
    let cpu = [256, 64].map { Configuration(vec: 64, itemN: $0, wgX: 1) }
    let gpu = [256, 64].map {
      Configuration(vec: 4, itemN: 1, wgX: min($0, device.maxWorkGroup))
    }
    return unique(device.kind == .gpu ? gpu + cpu : cpu + gpu)
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
          macros: configuration.macros + [Macro("NORMAL", isNormal)],
          range: configuration.range(problem.count),
          arguments: [
            .buffer("y"), .int(problem.count), .float(low), .float(high), .dynamic("seedLow"),
            .dynamic("seedHigh"), .dynamic("stream"),
          ]))
    ])
  }

  package static func cost(_ problem: Problem) -> Cost {
    Cost(flops: 0, bytes: 4 * Double(problem.count))
  }

  private static let exampleSeed: UInt64 = 9 << 32 | 7
  private static let exampleStream: UInt32 = 3

  package static func exampleScalars(_ problem: Problem) -> DynamicScalars {
    let key = Philox(seed: exampleSeed).key
    return [
      "seedLow": .uint(key.x), "seedHigh": .uint(key.y), "stream": .uint(exampleStream),
    ]
  }

  package static func reference(_ problem: Problem, _ inputs: [[Double]]) -> [ReferenceResult] {
    let philox = Philox(seed: exampleSeed)
    var values: [Double] = []
    var tolerance: [Double] = []
    for block in 0..<UInt32(ceilDivide(problem.count, 4)) {
      let words = philox(block, 0x494e_4954, exampleStream, 0)
      let u = (0..<4).map { Double(Philox.uniform(words[$0])) }
      switch problem.distribution {
      case .uniform(let low, let high):
        values += u.map { Double(low) + Double(high - low) * $0 }
        tolerance += u.map { 2 * roundoff * (abs(Double(low)) + Double(high - low) * $0) }
      case .normal(let deviation):
        for (a, b) in [(u[0], u[1]), (u[2], u[3])] {
          let radius = Double(deviation) * (-2 * log(1 - a)).squareRoot()
          values += [radius * cos(2 * .pi * b), radius * sin(2 * .pi * b)]
          // OpenCL allows log 3 ulp, sqrt 3 and cospi and sinpi 4, each two of our roundings.
          tolerance += [32 * roundoff * radius, 32 * roundoff * radius]
        }
      }
    }
    return [
      ReferenceResult(
        values: Array(values.prefix(problem.count)),
        tolerance: Array(tolerance.prefix(problem.count)), exactOnIntegers: false)
    ]
  }
}
