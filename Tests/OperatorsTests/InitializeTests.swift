import Autotuner
import DeviceRuntime
import Operators
import Randomness
import TestSupport
import Testing

/// What is special about starting numbers.
@Suite(.serialized)
struct InitializeTests {
  private func draw(
    _ distribution: Initialize.Distribution, count: Int, seed: UInt32 = 1, stream: UInt32 = 2,
    configuration: Initialize.Configuration? = nil, on device: TestDevice
  ) throws -> [Float] {
    let problem = Initialize.Problem(count: count, distribution: distribution)
    let candidates = Initialize.candidates(for: problem, on: device.context.info)
    return try #require(
      run(
        Initialize.self, problem, configuration ?? candidates[0], [],
        scalars: ["seedLow": .uint(seed), "seedHigh": .uint(0), "stream": .uint(stream)],
        on: device)["y"])
  }

  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n)
  }

  @Test("normal numbers have their moments and tails within 4 sigma")
  func normalMoments() throws {
    let count = 100_000
    let n = Double(count)
    let values = try draw(
      .normal(standardDeviation: 0.5), count: count, on: TestDevice()
    ).map { Double($0) / 0.5 }
    let (mean, variance) = moments(values)
    #expect(abs(mean) < 4 / n.squareRoot())
    #expect(abs(variance - 1) < 4 * (2 / n).squareRoot())
    // E[z^3] = 0 with variance 15, E[z^4] = 3 with variance 96.
    #expect(abs(values.reduce(0) { $0 + $1 * $1 * $1 } / n) < 4 * (15 / n).squareRoot())
    let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
    #expect(abs(fourth - 3) < 4 * (96 / n).squareRoot())
    for (bound, p) in [(1.0, 0.317311), (2, 0.045500), (3, 0.002700)] {
      let outside = Double(values.count { abs($0) > bound })
      #expect(abs(outside - n * p) < 4 * (n * p * (1 - p)).squareRoot(), "beyond \(bound)")
    }
    // The two numbers of a pair, and neighbours of different pairs, do not go together.
    for lag in 1...4 {
      let sum = zip(values, values.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(sum) < 4 * n.squareRoot(), "lag \(lag)")
    }
  }

  @Test("uniform numbers have their range and moments within 4 sigma")
  func uniformMoments() throws {
    let count = 100_000
    let n = Double(count)
    let values = try draw(.uniform(low: -0.25, high: 0.75), count: count, on: TestDevice())
    #expect(values.allSatisfy { $0 >= -0.25 && $0 < 0.75 })
    let (mean, variance) = moments(values.map(Double.init))
    #expect(abs(mean - 0.25) < 4 / (12 * n).squareRoot())
    // The variance of (u - 1/2)^2 is 1/180.
    #expect(abs(variance - 1.0 / 12) < 4 / (180 * n).squareRoot())
  }

  @Test("every configuration gives the uniform numbers of Philox, bit by bit")
  func uniformIsExact() throws {
    let device = try TestDevice()
    let count = 20_001
    let problem = Initialize.Problem(count: count, distribution: .uniform(low: 0, high: 1))
    let philox = Philox(key: SIMD2(1, 0))
    let expected = (0..<count).map { element in
      Philox.uniform(philox(UInt32(element / 4), 0x494e_4954, 2)[element % 4])
    }
    for configuration in Initialize.candidates(for: problem, on: device.context.info) {
      let actual = try draw(
        problem.distribution, count: count, configuration: configuration, on: device)
      #expect(actual == expected, "\(configuration)")
    }
  }

  @Test("a longer tensor starts with the numbers of a shorter one")
  func prefixes() throws {
    let device = try TestDevice()
    let long = try draw(.normal(standardDeviation: 1), count: 20_000, on: device)
    for count in [1, 2, 5, 63, 130] {
      let short = try draw(.normal(standardDeviation: 1), count: count, on: device)
      #expect(short == Array(long[..<count]))
    }
  }

  @Test("seeds and streams give unrelated numbers")
  func streamsDiffer() throws {
    let device = try TestDevice()
    let count = 10_000
    let tensors = try [(1, 1), (1, 2), (2, 1), (2, 2)].map { seed, stream in
      try draw(
        .normal(standardDeviation: 1), count: count, seed: UInt32(seed), stream: UInt32(stream),
        on: device)
    }
    for first in tensors.indices {
      for second in tensors.indices where second > first {
        let sum = zip(tensors[first], tensors[second]).reduce(0.0) {
          $0 + Double($1.0) * Double($1.1)
        }
        #expect(abs(sum) < 4 * Double(count).squareRoot(), "\(first) and \(second)")
      }
    }
  }
}
