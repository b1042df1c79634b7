import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about the loss.
@Suite(.serialized)
struct SoftmaxCrossEntropyTests {
  /// Runs every configuration; `check` gets its outputs.
  private func forEveryCandidate(
    batch: Int, classes: Int, logits: [Float], labels: [Float], valid: Int,
    metrics: [Float] = [0, 0, 0, 0], times: Int = 1,
    check: (SoftmaxCrossEntropy.Configuration, [String: [Float]]) throws -> Void
  ) throws {
    let device = try TestDevice()
    let problem = SoftmaxCrossEntropy.Problem(batch: batch, classes: classes, needsGradient: true)
    for configuration in SoftmaxCrossEntropy.candidates(for: problem, on: device.context.info) {
      try check(
        configuration,
        run(
          SoftmaxCrossEntropy.self, problem, configuration, [logits, labels, metrics],
          scalars: ["valid": .int(Int32(valid))], times: times, on: device))
    }
  }

  @Test("the reference's gradient is that of the mean loss of the valid rows")
  func gradientIsCentralDifferences() {
    let problem = SoftmaxCrossEntropy.Problem(batch: 4, classes: 5, needsGradient: true)
    var generator = ExampleGenerator(seed: 1)
    let logits = generator.values(count: 20, kind: .random).map { 3 * $0 }
    let labels: [Double] = [4, 0, 2, 1]
    func reference(_ logits: [Double]) -> [[Double]] {
      SoftmaxCrossEntropy.reference(
        problem, [logits, labels, [0, 0, 0, 0]], scalars: ["valid": .int(3)]
      ).map(\.values)
    }
    let expected = centralDifferences(at: logits) { reference($0)[1].reduce(0, +) / 3 }
    #expect(largestDifference(reference(logits)[2], expected) < 1e-9)
  }

  @Test("logits of 10^4 neither overflow nor lose the loss")
  func largeLogits() throws {
    let logits: [Float] = [1e4, -1e4, 0, 1e4, -1e4, 0, -1e4, -1e4, -1e4]
    try forEveryCandidate(
      batch: 3, classes: 3, logits: logits, labels: [0, 1, 2], valid: 3
    ) { configuration, result in
      let losses = try #require(result["losses"])
      #expect(losses[0] == 0 && losses[1] == 2e4, "\(configuration)")
      #expect(abs(losses[2] - 1.0986123) < 1e-6, "\(configuration)")
      let gradient = try #require(result["dlogits"])
      #expect(Array(gradient[0..<3]) == [0, 0, 0], "\(configuration)")
      #expect(abs(gradient[3] - 1 / 3) < 1e-6 && abs(gradient[4] + 1 / 3) < 1e-6)
      #expect(result["metrics"]?[1] == 2, "\(configuration)")
    }
  }

  @Test("the first of several largest logits is the prediction", arguments: [2, 10, 16, 40])
  func firstMaximumWins(classes: Int) throws {
    // Row r is largest at the last class and at class r, whose label each row has.
    let batch = classes
    var logits = [Float](repeating: -1, count: batch * classes)
    for row in 0..<batch {
      logits[row * classes + row] = 2
      logits[row * classes + classes - 1] = 2
    }
    let first = (0..<batch).map { Float($0) }
    try forEveryCandidate(
      batch: batch, classes: classes, logits: logits, labels: first, valid: batch
    ) { configuration, result in
      #expect(result["metrics"]?[1] == 0, "\(configuration)")
    }
    let last = [Float](repeating: Float(classes - 1), count: batch)
    try forEveryCandidate(
      batch: batch, classes: classes, logits: logits, labels: last, valid: batch
    ) { configuration, result in
      #expect(result["metrics"]?[1] == Float(batch - 1), "\(configuration)")
    }
  }

  @Test("rows behind the valid ones count for nothing", arguments: [0, 1, 17, 20])
  func invalidRows(valid: Int) throws {
    // Whatever is in them, even labels that are none.
    var logits = [Float](repeating: 0, count: 20 * 3)
    var labels = [Float](repeating: 1, count: 20)
    for row in valid..<20 {
      logits[row * 3] = .nan
      labels[row] = 1e6
    }
    try forEveryCandidate(
      batch: 20, classes: 3, logits: logits, labels: labels, valid: valid, metrics: [5, 6, 7, 0]
    ) { configuration, result in
      let metrics = try #require(result["metrics"])
      #expect(abs(metrics[0] - (5 + 1.0986123 * Float(valid))) < 1e-5, "\(configuration)")
      #expect(metrics[1] == Float(6 + valid) && metrics[2] == Float(7 + valid))
      #expect(try #require(result["losses"])[valid...].allSatisfy { $0 == 0 })
      let gradient = try #require(result["dlogits"])
      #expect(gradient[(3 * valid)...].allSatisfy { $0 == 0 }, "\(configuration)")
      #expect(gradient[..<(3 * valid)].allSatisfy { $0 != 0 }, "\(configuration)")
    }
  }

  @Test("a logit that is not a number makes the loss one", arguments: [0, 7, 18])
  func notANumber(position: Int) throws {
    var logits = [Float](repeating: 1, count: 19)
    logits[position] = .nan
    try forEveryCandidate(
      batch: 1, classes: 19, logits: logits, labels: [3], valid: 1
    ) { configuration, result in
      #expect(result["metrics"]?[0].isNaN == true, "\(configuration)")
    }
  }

  @Test("the sums over an epoch of 60,000 images are good to 10^-6")
  func epochOfSums() throws {
    let (batch, classes, launches) = (120, 10, 500)
    var generator = ExampleGenerator(seed: 3)
    let logits = generator.values(count: batch * classes, kind: .random).map { Float($0) }
    let labels = (0..<batch).map { Float($0 % classes) }
    try forEveryCandidate(
      batch: batch, classes: classes, logits: logits, labels: labels, valid: batch,
      times: launches
    ) { configuration, result in
      let metrics = try #require(result["metrics"])
      let sum = try #require(result["losses"]).reduce(0) { $0 + Double($1) } * Double(launches)
      #expect(abs(Double(metrics[0]) / sum - 1) < 2e-7, "\(configuration)")
      #expect(metrics[2] == Float(batch * launches), "\(configuration)")
      #expect(metrics[1] == (metrics[1] / Float(launches)).rounded() * Float(launches))
    }
  }
}
