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

  package static func exampleScalars(_ problem: Problem) -> [DynamicScalars] {
    [["seedLow": .uint(7), "seedHigh": .uint(9), "stream": .uint(3)]]
  }

  package static func reference(
    _ problem: Problem, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
  ) -> [ReferenceOutput] {
    let philox = Philox(seed: scalars.seed)
    let stream = UInt32(scalars.integer("stream"))
    return [
      ReferenceOutput([problem.count], exactOnIntegers: false, terms: 8) { index in
        let words = philox(UInt32(index / 4), 0x494e_4954, stream, 0)
        let lane = index % 4
        switch problem.distribution {
        case .uniform(let low, let high):
          let share = Double(high - low) * Double(Philox.uniform(words[lane]))
          return (Double(low) + share, 2 * roundoff * (abs(Double(low)) + share))
        case .normal(let deviation):
          let a = Double(Philox.uniform(words[lane & 2]))
          let angle = 2 * Double.pi * Double(Philox.uniform(words[lane | 1]))
          let radius = Double(deviation) * (-2 * log(1 - a)).squareRoot()
          // OpenCL allows log 3 ulp, sqrt 3 and cospi and sinpi 4, each two of our roundings.
          return (radius * (lane & 1 == 0 ? cos(angle) : sin(angle)), 32 * roundoff * radius)
        }
      }
    ]
  }
}
