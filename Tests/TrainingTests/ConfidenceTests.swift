import Datasets
import Foundation
import Testing

@testable import Training

/// How far results can be trusted: scores of classes, calibration, intervals.
@Suite struct ConfidenceTests {
  /// Results with these labels and answers, each answer with probability 1/2 or more.
  private func results(
    _ labels: [Int32], _ answers: [Int], classes: Int
  ) -> TestResults {
    let split = LabeledImages(
      height: 1, width: 1, channels: 1, images: [UInt8](repeating: 0, count: labels.count),
      labels: labels)
    var results = TestResults(split, classNames: (0..<classes).map { "\($0)" })
    for answer in answers {
      results.append(logits: (0..<classes).map { $0 == answer ? 3 : 0 }[...])
    }
    return results
  }

  /// The example of scikit-learn's `classification_report` and what that prints of it.
  @Test func scoresAreScikitLearns() {
    let scores = results([0, 1, 2, 2, 2], [0, 0, 2, 2, 1], classes: 3).classScores
    #expect(scores.map(\.precision) == [0.5, 0, 1])
    #expect(scores.map(\.recall) == [1, 0, 2.0 / 3])
    #expect(scores.map(\.f1) == [2.0 / 3, 0, 0.8])
    #expect(scores.map(\.images) == [1, 1, 3])
    #expect(scores.macroAverage(\.precision) == 0.5)
    #expect(abs(scores.macroAverage(\.recall) - 5.0 / 9) < 1e-12)
    #expect(abs(scores.macroAverage(\.f1) - 22.0 / 45) < 1e-12)
  }

  @Test func whatIsUndefinedIsNoNumberAndCountsAsZero() {
    let scores = results([0, 0], [0, 1], classes: 4).classScores
    #expect(scores.map(\.precision) == [1, 0, nil, nil])
    #expect(scores.map(\.recall) == [0.5, nil, nil, nil])
    #expect(scores.map(\.f1) == [2.0 / 3, 0, nil, nil])
    // Classes 2 and 3 neither are there nor were answered.
    #expect(scores.macroAverage(\.precision) == 0.5 && scores.macroAverage(\.recall) == 0.25)
    #expect([ClassScores]().macroAverage(\.f1) == 0)
  }

  /// Against precision and recall counted image by image.
  @Test func scoresFollowTheirDefinitions() {
    let labels = (0..<300).map { Int32($0 * 7 % 5) }
    let answers = (0..<300).map { ($0 * 7 + ($0 % 4 == 0 ? 1 : 0)) % 5 }
    let scores = results(labels, answers, classes: 5).classScores
    for (index, score) in scores.enumerated() {
      let pairs = zip(labels, answers)
      let right = pairs.filter { $0 == Int32(index) && $1 == index }.count
      let missed = pairs.filter { $0 == Int32(index) && $1 != index }.count
      let wrong = pairs.filter { $0 != Int32(index) && $1 == index }.count
      #expect(score.precision == Double(right) / Double(right + wrong))
      #expect(score.recall == Double(right) / Double(right + missed))
      let f1 = score.f1 ?? 0, p = score.precision ?? 0, r = score.recall ?? 0
      #expect(abs(f1 - 2 * p * r / (p + r)) < 1e-12)
    }
  }

  /// By hand: of 15 parts 0.30 and 0.33 are in the fifth, 0.95 and 1 in the last.
  @Test func theCalibrationErrorIsTheMeanDistanceOfTheBins() {
    let calibration = Calibration(
      confidence: [0.30, 0.33, 0.95, 1], isRight: [true, false, true, true])
    #expect(calibration.bins.map(\.images) == [2, 2])
    #expect(calibration.bins.map(\.accuracy) == [0.5, 1])
    #expect(abs(calibration.bins[0].confidence - 0.315) < 1e-12)
    #expect(abs(calibration.bins[1].confidence - 0.975) < 1e-12)
    #expect(abs(calibration.error - (0.185 / 2 + 0.025 / 2)) < 1e-12)
  }

  @Test func aBinHasItsUpperBound() {
    // As scikit-learn's calibration_curve: 0.2 = 3/15 still is in the third part.
    let calibration = Calibration(confidence: [0.19, 0.2, 0.21], isRight: [true, true, false])
    #expect(calibration.bins.map(\.images) == [2, 1])
    #expect(Calibration(confidence: [0], isRight: [false]).bins.map(\.images) == [1])
    #expect(Calibration(confidence: [], isRight: []).error == 0)
  }

  /// Newcombe, Statistics in Medicine 17 (1998), Table I, method 3.
  @Test(arguments: [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
    (1, 29, 0.0061, 0.1718),
  ])
  func wilsonsIntervalIsThePublishedOne(count: Int, cases: Int, low: Double, high: Double) {
    let interval = Proportion.wilsonInterval(count, of: cases)
    #expect(abs(interval.lowerBound - low) < 5e-5 && abs(interval.upperBound - high) < 5e-5)
    let other = Proportion.wilsonInterval(cases - count, of: cases)
    #expect(abs(other.lowerBound - (1 - interval.upperBound)) < 1e-12)
  }

  @Test func thePageHasThem() throws {
    let folder = try TemporaryFolder()
    try Data(#"{"model": "wrn-10-1", "data": "mnist"}"#.utf8)
      .write(to: URL(fileURLWithPath: folder.file("config.json")))
    var page = try Report(folder: folder.path)
    page.results = results([0, 1, 2, 2, 2], [0, 0, 2, 2, 1], classes: 3)
    let html = page.html
    let row = "<td>2</td><td>1.000</td><td>0.667</td><td>0.800</td><td>3</td>"
    let mean = "<td>0.500</td><td>0.556</td><td>0.489</td><td>5</td>"
    #expect(html.contains(row) && html.contains(mean))
    // Each answer has probability e^3 / (e^3 + 2) = 0.909; three of five are right.
    #expect(html.contains("Calibration: expected error 30.94 %"))
    page.results = results((0..<30).map { Int32($0) }, Array(0..<29) + [0], classes: 30)
    #expect(page.html.contains("The 20 classes with the lowest F1"))
    #expect(page.html.contains("<td>29</td><td>-</td><td>0.000</td><td>0.000</td>"))
  }

  @Test func theSpeedIsThatAfterTheFirstStep() {
    var throughput = Throughput()
    #expect(throughput.imagesPerSecond(endsWithSmallerBatch: false) == nil)
    // A first step of 10 s, of which the compiler took nearly all.
    throughput.add(images: 10, nanoseconds: 10_000_000_000)
    #expect(throughput.imagesPerSecond(endsWithSmallerBatch: false) == nil)
    throughput.add(images: 60, nanoseconds: 10_500_000_000)
    #expect(throughput.imagesPerSecond(endsWithSmallerBatch: true) == 100)
    throughput.add(images: 63, nanoseconds: 15_500_000_000)
    #expect(throughput.imagesPerSecond(endsWithSmallerBatch: true) == 100)
    #expect(throughput.imagesPerSecond(endsWithSmallerBatch: false) == 53 / 5.5)
  }
}
