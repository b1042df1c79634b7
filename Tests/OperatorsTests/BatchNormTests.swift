import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about batch normalisation.
@Suite(.serialized)
struct BatchNormTests {
  @Test("statistics keep their precision where the mean is 10^6 deviations", arguments: [16, 5])
  func statisticsOfALargeMean(channels: Int) throws {
    let device = try TestDevice()
    var generator = ExampleGenerator(seed: 1)
    // A uniform variable of width sqrt(12) has deviation 1.
    let x = (0..<1000 * channels).map { _ in
      Float(1e4 + 1e-2 * 12.0.squareRoot() * Double.random(in: -0.5...0.5, using: &generator))
    }
    try checkStatistics(of: x, rows: 1000, channels: channels, on: device)
  }

  @Test("statistics keep their precision where the first row is far away")
  func statisticsOfAnOutlier() throws {
    let device = try TestDevice()
    var generator = ExampleGenerator(seed: 2)
    var x = generator.values(count: 1000 * 16, kind: .random).map { Float($0) }
    for channel in 0..<16 { x[channel] = 1e4 }
    try checkStatistics(of: x, rows: 1000, channels: 16, on: device)
  }

  private func checkStatistics(
    of x: [Float], rows: Int, channels: Int, on device: TestDevice
  ) throws {
    let problem = BatchNormStatistics.Problem(rows: rows, channels: channels, epsilon: 0)
    let running = [Float](repeating: 0, count: channels)
    for configuration in BatchNormStatistics.candidates(for: problem, on: device.context.info) {
      let result = try run(
        BatchNormStatistics.self, problem, configuration, [x, running, running], on: device)
      for channel in 0..<channels {
        let column = stride(from: channel, to: x.count, by: channels).map { Double(x[$0]) }
        let mean = column.reduce(0, +) / Double(rows)
        let squares = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let expected = 1 / (squares / Double(rows)).squareRoot()
        let actual = Double(try #require(result["inverseDeviation"])[channel])
        #expect(abs(actual / expected - 1) < 1e-5, "\(configuration) channel \(channel)")
        let meanError = abs(Double(try #require(result["mean"])[channel]) - mean)
        // An outlier in row 0 costs at most sqrt(rows) roundings of a deviation.
        #expect(
          meanError < 1e-6 * abs(mean) + 1e-5 / expected, "\(configuration) channel \(channel)")
        let variance = Double(try #require(result["runningVariance"])[channel])
        #expect(abs(variance / (0.1 * squares / Double(rows - 1)) - 1) < 1e-5)
      }
    }
  }

  @Test(
    "the references' gradients are central differences",
    arguments: [(true, Float(0)), (true, 0.3), (false, 0)])
  func gradientsAreCentralDifferences(relu: Bool, dropout: Float) throws {
    let (rows, channels) = (6, 3)
    var generator = ExampleGenerator(seed: 3)
    let x = generator.values(count: rows * channels, kind: .random)
    let gamma = generator.values(count: channels, kind: .random)
    let beta = generator.values(count: channels, kind: .random)
    let dy = generator.values(count: rows * channels, kind: .random)
    let addend = generator.values(count: rows * channels, kind: .random)
    let zeros = [Double](repeating: 0, count: channels)
    let statistics = BatchNormStatistics.Problem(rows: rows, channels: channels)
    let forward = BatchNormReLUForward.Problem(
      rows: rows, channels: channels, relu: relu, dropout: dropout)
    let backward = BatchNormReLUBackward.Problem(
      rows: rows, channels: channels, relu: relu, dropout: dropout, withAddend: true)

    /// The sum of y * dy: its gradient is what the backward pass gives, with `addend` left out.
    func loss(_ x: [Double], _ gamma: [Double], _ beta: [Double]) -> Double {
      let moments = BatchNormStatistics.reference(statistics, [x, zeros, zeros])
      let y = BatchNormReLUForward.reference(
        forward, [x, moments[2].values, moments[3].values, gamma, beta])
      return zip(y[0].values, dy).reduce(0) { $0 + $1.0 * $1.1 }
    }
    func differences(_ values: [Double], _ loss: ([Double]) -> Double) -> [Double] {
      values.indices.map { index in
        var (above, below) = (values, values)
        above[index] += 1e-6
        below[index] -= 1e-6
        return (loss(above) - loss(below)) / 2e-6
      }
    }
    let moments = BatchNormStatistics.reference(statistics, [x, zeros, zeros])
    let result = BatchNormReLUBackward.reference(
      backward, [dy, x, moments[2].values, moments[3].values, gamma, beta, addend])
    let expected = [
      zip(differences(x) { loss($0, gamma, beta) }, addend).map { $0 + $1 },
      differences(gamma) { loss(x, $0, beta) },
      differences(beta) { loss(x, gamma, $0) },
    ]
    for (actual, expected) in zip(result, expected) {
      for (actual, expected) in zip(actual.values, expected) {
        #expect(abs(actual - expected) < 1e-7 * (1 + abs(expected)))
      }
    }
  }

  @Test("fused dropout equals separate dropout bit for bit", arguments: [5, 16, 160])
  func fusedDropoutIsSeparateDropout(channels: Int) throws {
    let device = try TestDevice()
    let rows = 333
    let rate: Float = 0.3
    let mask = DropoutMask(rate: rate, seed: 11, step: 1_000_003, layer: 5)
    var generator = ExampleGenerator(seed: 4)
    func values(_ count: Int) -> [Float] {
      generator.values(count: count, kind: .random).map { Float($0) }
    }
    let (x, dy) = (values(rows * channels), values(rows * channels))
    let (mean, gamma, beta) = (values(channels), values(channels), values(channels))
    let inverse = values(channels).map { abs($0) + 0.5 }
    let separate = Dropout.Problem(count: rows * channels, rate: rate)
    func dropped(_ values: [Float]) throws -> [Float] {
      let configuration = try #require(
        Dropout.candidates(for: separate, on: device.context.info).first)
      let result = try run(
        Dropout.self, separate, configuration, [values], scalars: mask.scalars, on: device)
      return try #require(result["y"])
    }

    let forward = BatchNormReLUForward.Problem(rows: rows, channels: channels)
    var fused = forward
    fused.dropout = rate
    for configuration in BatchNormReLUForward.candidates(for: forward, on: device.context.info) {
      let inputs = [x, mean, inverse, gamma, beta]
      let plain = try run(BatchNormReLUForward.self, forward, configuration, inputs, on: device)
      let result = try run(
        BatchNormReLUForward.self, fused, configuration, inputs, scalars: mask.scalars, on: device)
      #expect(try result["y"] == dropped(#require(plain["y"])), "\(configuration)")
    }

    let backward = BatchNormReLUBackward.Problem(rows: rows, channels: channels)
    var fusedBackward = backward
    fusedBackward.dropout = rate
    let droppedGradient = try dropped(dy)
    for configuration in BatchNormReLUBackward.candidates(for: backward, on: device.context.info) {
      let rest = [x, mean, inverse, gamma, beta]
      let plain = try run(
        BatchNormReLUBackward.self, backward, configuration, [droppedGradient] + rest, on: device)
      let result = try run(
        BatchNormReLUBackward.self, fusedBackward, configuration, [dy] + rest,
        scalars: mask.scalars, on: device)
      #expect(result == plain, "\(configuration)")
    }
  }

  @Test("a NaN is not hidden by the ReLU", arguments: [5, 16])
  func nanPassesTheReLU(channels: Int) throws {
    let device = try TestDevice()
    var x = [Float](repeating: 1, count: 8 * channels)
    x[channels + 2] = .nan
    let one = [Float](repeating: 1, count: channels)
    let problem = BatchNormReLUForward.Problem(rows: 8, channels: channels)
    for configuration in BatchNormReLUForward.candidates(for: problem, on: device.context.info) {
      let result = try run(
        BatchNormReLUForward.self, problem, configuration, [x, one, one, one, one], on: device)
      let y = try #require(result["y"])
      #expect(y.indices.filter { y[$0].isNaN } == [channels + 2], "\(configuration)")
    }
  }
}
