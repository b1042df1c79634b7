import Autotuner
import DeviceRuntime
import Foundation
import Operators
import TestSupport
import Testing

/// Numbers at the edges of single precision against double precision, within the bounds of
/// docs/numbers.md.
@Suite(.serialized)
struct NumbersTests {
  private let device: TestDevice
  private let bounds: NumericBounds

  init() throws {
    device = try TestDevice()
    bounds = try NumericBounds()
  }

  // MARK: - Batch normalisation

  /// Statistics, normalisation and gradients of x: [rows, 16] in one chain, as training runs them.
  private func checkBatchNorm(_ name: String, _ x: [Float], epsilon: Float = 1e-5) throws {
    let channels = 16
    let rows = x.count / channels
    var generator = ExampleGenerator(seed: 5)
    let (gamma, beta) = (
      [Float](repeating: 1, count: channels), [Float](repeating: 0, count: channels)
    )
    let dy = generator.values(count: x.count, kind: .random).map { Float($0) }
    let statistics = BatchNormStatistics.Problem(rows: rows, channels: channels, epsilon: epsilon)
    let forward = BatchNormReLUForward.Problem(rows: rows, channels: channels, relu: false)
    let backward = BatchNormReLUBackward.Problem(rows: rows, channels: channels, relu: false)
    let exact = x.map { Double($0) }
    let zeros = [Double](repeating: 0, count: channels)
    let moments = BatchNormStatistics.reference(statistics, [exact, zeros, zeros]).map(\.values)
    let ones = zeros.map { $0 + 1 }
    let y = BatchNormReLUForward.reference(forward, [exact, moments[2], moments[3], ones, zeros])
    let gradients = BatchNormReLUBackward.reference(
      backward, [dy.map { Double($0) }, exact, moments[2], moments[3], ones, zeros])

    for configuration in BatchNormStatistics.candidates(for: statistics, on: device.context.info) {
      let running = [Float](repeating: 0, count: channels)
      let result = try run(
        BatchNormStatistics.self, statistics, configuration, [x, running, running], on: device)
      let mean = try #require(result["mean"])
      let inverse = try #require(result["inverseDeviation"])
      let variance = try #require(result["runningVariance"])
      bounds.check("\(name): variance", relativeError(variance, moments[1]), configuration)
      bounds.check("\(name): 1/deviation", relativeError(inverse, moments[3]), configuration)
      let normal = try #require(
        run(
          BatchNormReLUForward.self, forward, configuration, [x, mean, inverse, gamma, beta],
          on: device)["y"])
      bounds.check("\(name): y", errorOfLargest(normal, y[0].values), configuration)
      let dx = try #require(
        run(
          BatchNormReLUBackward.self, backward, configuration,
          [dy, x, mean, inverse, gamma, beta], on: device)["dx"])
      bounds.check("\(name): dx", errorOfLargest(dx, gradients[0].values), configuration)
    }
  }

  private func normal(mean: Double, deviation: Double, rows: Int = 4096) -> [Float] {
    var generator = ExampleGenerator(seed: 11)
    return (0..<rows * 16).map { _ in
      let sum = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &generator)
      }
      return Float(mean + deviation * sum)
    }
  }

  @Test func batchNormOfALargeMean() throws {
    try checkBatchNorm("batchnorm, mean 1e4, deviation 1", normal(mean: 1e4, deviation: 1))
  }

  @Test func batchNormOfALargeVariance() throws {
    try checkBatchNorm("batchnorm, variance 1e8", normal(mean: 0, deviation: 1e4))
  }

  @Test func batchNormOfASmallVariance() throws {
    try checkBatchNorm("batchnorm, variance 1e-12", normal(mean: 0, deviation: 1e-6))
  }

  @Test(arguments: [0, 0.1, 1e4] as [Float])
  func batchNormWithoutVariance(value: Float) throws {
    try checkBatchNorm("batchnorm, variance 0", [Float](repeating: value, count: 4096 * 16))
  }

  @Test func batchNormOfDenormals() throws {
    try checkBatchNorm("batchnorm, denormals", normal(mean: 0, deviation: 1e-40))
  }

  // MARK: - Loss

  @Test func softmaxOfLargeLogits() throws {
    var generator = ExampleGenerator(seed: 6)
    let (batch, classes) = (64, 10)
    // Around 1e4, so that losses are neither 0 nor only the spread, and up to both ends.
    let near = (0..<batch * classes).map { _ in Float.random(in: 9990...10_000, using: &generator) }
    let far = (0..<batch * classes).map { _ in Float.random(in: -1e4...1e4, using: &generator) }
    let equal = [Float](repeating: -1e4, count: batch * classes)
    for (name, logits) in [("near 1e4", near), ("up to ±1e4", far), ("equal at -1e4", equal)] {
      try checkLoss("softmax, logits \(name)", logits, batch: batch, classes: classes)
    }
  }

  @Test func softmaxOfDenormalLogits() throws {
    let logits = (0..<640).map { Float(Double($0 % 7) * 1e-40) }
    try checkLoss("softmax, denormal logits", logits, batch: 64, classes: 10)
  }

  private func checkLoss(_ name: String, _ logits: [Float], batch: Int, classes: Int) throws {
    let problem = SoftmaxCrossEntropy.Problem(batch: batch, classes: classes, needsGradient: true)
    let labels = (0..<batch).map { Float($0 % classes) }
    let expected = SoftmaxCrossEntropy.reference(
      problem, [logits.map { Double($0) }, labels.map { Double($0) }, [0, 0, 0, 0]],
      scalars: ["valid": .int(Int32(batch))])
    for configuration in SoftmaxCrossEntropy.candidates(for: problem, on: device.context.info) {
      let result = try run(
        SoftmaxCrossEntropy.self, problem, configuration, [logits, labels, [0, 0, 0, 0]],
        scalars: ["valid": .int(Int32(batch))], on: device)
      let losses = try #require(result["losses"])
      // Of a loss near 0, what counts is its error beside a loss of 1.
      let error = zip(losses, expected[1].values).map { abs(Double($0) - $1) / max(1, $1) }.max()
      bounds.check("\(name): loss", try #require(error), configuration)
      let gradient = try #require(result["dlogits"]).map { $0 * Float(batch) }
      bounds.check(
        "\(name): gradient", errorOfOne(gradient, expected[2].values.map { $0 * Double(batch) }),
        configuration)
    }
  }

  @Test("a logit of minus infinity is a class that cannot be; a loss that is none is not hidden")
  func infiniteLogits() throws {
    let problem = SoftmaxCrossEntropy.Problem(batch: 4, classes: 3, needsGradient: true)
    let infinity = Float.infinity
    let logits = [
      1, -infinity, 1, -infinity, 0, 0, -infinity, -infinity, -infinity, infinity, 0, 0,
    ]
    for configuration in SoftmaxCrossEntropy.candidates(for: problem, on: device.context.info) {
      let result = try run(
        SoftmaxCrossEntropy.self, problem, configuration, [logits, [0, 0, 0, 0], [0, 0, 0, 0]],
        scalars: ["valid": .int(4)], on: device)
      let losses = try #require(result["losses"])
      let gradient = try #require(result["dlogits"])
      #expect(abs(losses[0] - 0.693_147_2) < 1e-6 && gradient[1] == 0, "\(configuration)")
      #expect(losses[1] == infinity && gradient[3...5].allSatisfy(\.isFinite), "\(configuration)")
      #expect(losses[2].isNaN && losses[3].isNaN, "\(configuration)")
    }
  }

  // MARK: - Convolutions

  @Test("sums of 10^6 terms over batch and pixels")
  func backwardFilterOfAMillionPixels() throws {
    let shape = Conv2DShape(
      batch: 64, inHeight: 128, inWidth: 128, inChannels: 16, outChannels: 16, kernel: 3)
    let problem = Conv2DBackwardFilter.Problem(shape: shape)
    // All positive, so that the sum grows to the end: the worst case for its rounding.
    let x = positive(shape.inCount, seed: 1)
    let dy = positive(shape.outCount, seed: 2)
    let places = [(0, 0, 0, 0), (1, 1, 5, 9), (2, 1, 15, 15), (2, 2, 3, 0)]
    let expected = places.map { row, column, input, output in
      gradient(shape, x, dy, row: row, column: column, input: input, output: output)
    }
    let candidates = Conv2DBackwardFilter.candidates(for: problem, on: device.context.info)
    for (kind, configuration) in examples(of: candidates) {
      let dw = try #require(
        run(Conv2DBackwardFilter.self, problem, configuration, [x, dy], on: device)["dw"])
      let found = places.map { row, column, input, output in
        dw[((row * 3 + column) * shape.inChannels + input) * shape.outChannels + output]
      }
      bounds.check(
        "backward filter, 10^6 terms: \(kind)", relativeError(found, expected), configuration)
    }
  }

  private func gradient(
    _ shape: Conv2DShape, _ x: [Float], _ dy: [Float], row: Int, column: Int, input: Int,
    output: Int
  ) -> Double {
    var sum = 0.0
    for image in 0..<shape.batch {
      for y in 0..<shape.outHeight {
        let inY = y + row - 1
        guard 0..<shape.inHeight ~= inY else { continue }
        for place in max(0, 1 - column)..<min(shape.outWidth, shape.inWidth + 1 - column) {
          let source = ((image * shape.inHeight + inY) * shape.inWidth + place + column - 1)
          let target = (image * shape.outHeight + y) * shape.outWidth + place
          sum +=
            Double(x[source * shape.inChannels + input])
            * Double(dy[target * shape.outChannels + output])
        }
      }
    }
    return sum
  }

  @Test("sums of 10^6 terms over channels")
  func forwardOfAMillionChannels() throws {
    let shape = Conv2DShape(
      batch: 1, inHeight: 2, inWidth: 2, inChannels: 1 << 20, outChannels: 16, kernel: 1)
    let problem = Conv2DForward.Problem(shape: shape)
    let x = positive(shape.inCount, seed: 3)
    let w = positive(shape.filterCount, seed: 4)
    let expected = (0..<4).flatMap { pixel in
      [0, 7, 15].map { output in
        (0..<shape.inChannels).reduce(0.0) { sum, channel in
          sum + Double(x[pixel * shape.inChannels + channel]) * Double(w[channel * 16 + output])
        }
      }
    }
    let candidates = Conv2DForward.candidates(for: problem, on: device.context.info)
    for (kind, configuration) in examples(of: candidates) {
      let y = try #require(
        run(Conv2DForward.self, problem, configuration, [x, w], on: device)["y"])
      let found = (0..<4).flatMap { pixel in [0, 7, 15].map { y[pixel * 16 + $0] } }
      bounds.check("forward, 10^6 terms: \(kind)", relativeError(found, expected), configuration)
    }
  }

  @Test("Winograd's errors beside the direct algorithm's")
  func errorsOfWinograd() throws {
    let shape = Conv2DShape(
      batch: 2, inHeight: 16, inWidth: 16, inChannels: 160, outChannels: 32, kernel: 3)
    var generator = ExampleGenerator(seed: 7)
    func values(_ count: Int) -> [Float] {
      generator.values(count: count, kind: .random).map { Float($0) }
    }
    let (x, w, dy) = (values(shape.inCount), values(shape.filterCount), values(shape.outCount))
    func double(_ values: [Float]) -> [Double] { values.map { Double($0) } }

    let forward = Conv2DForward.Problem(shape: shape)
    let y = Conv2DForward.reference(forward, [double(x), double(w)])[0].values
    for (kind, configuration) in examples(
      of: Conv2DForward.candidates(for: forward, on: device.context.info))
    {
      let found = try run(Conv2DForward.self, forward, configuration, [x, w], on: device)["y"]
      bounds.check("forward: \(kind)", errorOfTypical(try #require(found), y), configuration)
    }
    let data = Conv2DBackwardData.Problem(shape: shape)
    let dx = Conv2DBackwardData.reference(data, [double(dy), double(w)])[0].values
    for (kind, configuration) in examples(
      of: Conv2DBackwardData.candidates(for: data, on: device.context.info))
    {
      let found = try run(Conv2DBackwardData.self, data, configuration, [dy, w], on: device)["dx"]
      bounds.check("backward data: \(kind)", errorOfTypical(try #require(found), dx), configuration)
    }
    let filter = Conv2DBackwardFilter.Problem(shape: shape)
    let dw = Conv2DBackwardFilter.reference(filter, [double(x), double(dy)])[0].values
    for (kind, configuration) in examples(
      of: Conv2DBackwardFilter.candidates(for: filter, on: device.context.info))
    {
      let found = try run(Conv2DBackwardFilter.self, filter, configuration, [x, dy], on: device)
      bounds.check(
        "backward filter: \(kind)", errorOfTypical(try #require(found["dw"]), dw), configuration)
    }
  }

  @Test("a device may take denormals for 0")
  func denormalsOfAConvolution() throws {
    let shape = Conv2DShape(
      batch: 1, inHeight: 4, inWidth: 4, inChannels: 16, outChannels: 16, kernel: 1)
    let problem = Conv2DForward.Problem(shape: shape)
    let x = (0..<shape.inCount).map { Float(Double($0 % 5) * 1e-40) }
    let w = [Float](repeating: 1, count: shape.filterCount)
    let y = Conv2DForward.reference(problem, [x, w].map { $0.map { Double($0) } })[0].values
    let candidates = Conv2DForward.candidates(for: problem, on: device.context.info)
    for (kind, configuration) in examples(of: candidates) {
      let found = try #require(
        run(Conv2DForward.self, problem, configuration, [x, w], on: device)["y"])
      let error = zip(found, y).map { abs(Double($0) - $1) }.max() ?? 0
      bounds.check("forward, denormals: \(kind)", error / (16 * 0x1p-126), configuration)
    }
  }

  private func positive(_ count: Int, seed: UInt64) -> [Float] {
    var generator = ExampleGenerator(seed: seed)
    return [Float](unsafeUninitializedCapacity: count) { values, filled in
      for index in 0..<count { values[index] = Float(generator.next() >> 40) * 0x1p-24 }
      filled = count
    }
  }

  /// The first candidate of each algorithm, which is all that its rounding depends on.
  private func examples<Configuration: CustomStringConvertible>(
    of candidates: [Configuration]
  ) -> [(kind: String, configuration: Configuration)] {
    var found: [(kind: String, configuration: Configuration)] = []
    for configuration in candidates {
      let text = configuration.description
      // One part sums all terms one after another.
      let kind =
        text.hasSuffix("_sk1")
        ? "direct, one part"
        : ["winogradfused2", "winogradfused4", "winograd2", "winograd4", "im2col"]
          .first { text.hasPrefix($0) } ?? "direct"
      if !found.contains(where: { $0.kind == kind }) { found.append((kind, configuration)) }
    }
    return found
  }
}

// MARK: - Errors

/// The largest error of any result relative to itself; what is next to nothing counts as 0.
private func relativeError(_ found: [Float], _ expected: [Double]) -> Double {
  zip(found, expected).map { found, expected in
    abs(Double(found) - expected) / max(1e-30, abs(expected))
  }.reduce(0, largest)
}

/// The largest error relative to the largest result, or to 1 where all are smaller than that.
private func errorOfLargest(_ found: [Float], _ expected: [Double]) -> Double {
  errorOfOne(found, expected) / max(1e-30, expected.map(abs).reduce(0, largest))
}

private func errorOfOne(_ found: [Float], _ expected: [Double]) -> Double {
  zip(found, expected).map { abs(Double($0) - $1) }.reduce(0, largest)
}

/// The largest error relative to the results' root mean square.
private func errorOfTypical(_ found: [Float], _ expected: [Double]) -> Double {
  let squares = expected.reduce(0) { $0 + $1 * $1 } / Double(expected.count)
  return errorOfOne(found, expected) / squares.squareRoot()
}

/// The larger one; what is not a number is larger than all.
private func largest(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }

/// The bounds that docs/numbers.md states: the rows of its tables, by their first column.
private struct NumericBounds {
  private let values: [String: Double]

  init() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/numbers.md")
    var values: [String: Double] = [:]
    for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      if cells.count > 1, let bound = Double(cells[1]) { values[cells[0]] = bound }
    }
    self.values = values
  }

  /// Records an issue where `error` is above the bound of `name`; prints both for the document.
  func check(
    _ name: String, _ error: Double, _ configuration: some CustomStringConvertible,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    print("numbers | \(name) | \(values[name] ?? .nan) | \(error) | \(configuration)")
    #expect(
      error <= values[name] ?? -1, "\(name): \(configuration)", sourceLocation: sourceLocation)
  }
}
