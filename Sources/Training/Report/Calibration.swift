import Datasets
import Foundation

/// Whether answers are right as often as their probabilities claim.
package struct Calibration: Sendable {
  /// Images whose answers have about the same probability.
  package struct Bin: Hashable, Sendable {
    /// How many.
    package let images: Int
    /// The mean probability of their answers.
    package let confidence: Double
    /// The share of right answers.
    package let accuracy: Double
  }

  /// Equal parts of the probabilities from 0 to 1, each with its upper bound.
  package static let parts = 15
  /// The parts that have images.
  package let bins: [Bin]
  /// The expected calibration error, from 0 to 1: the mean over the images of the distance between
  /// their bin's accuracy and confidence.
  ///
  /// As in Guo et al., On Calibration of Modern Neural Networks, 2017.
  package let error: Double

  /// Of answers with these probabilities, and whether each is right.
  package init(confidence: [Double], isRight: [Bool]) {
    precondition(confidence.count == isRight.count, "an answer for each image")
    var sums = [(images: Int, confidence: Double, right: Int)](
      repeating: (0, 0, 0), count: Self.parts)
    for (confidence, isRight) in zip(confidence, isRight) {
      let part = (confidence * Double(Self.parts)).rounded(.up) - 1
      let index = Int(min(max(part, 0), Double(Self.parts - 1)))
      sums[index].images += 1
      sums[index].confidence += confidence
      sums[index].right += isRight ? 1 : 0
    }
    bins = sums.filter { $0.images > 0 }.map { sum in
      let images = Double(sum.images)
      return Bin(
        images: sum.images, confidence: sum.confidence / images,
        accuracy: Double(sum.right) / images)
    }
    error =
      bins.reduce(0) { $0 + Double($1.images) * abs($1.accuracy - $1.confidence) }
      / Double(max(1, confidence.count))
  }

  /// The bins beside the diagonal of an exact calibration, in per cent.
  package var chart: Chart {
    Chart(
      title: String(format: "Calibration: expected error %.2f %%", 100 * error),
      xLabel: "probability of the answer, %", left: .init("right answers, %"),
      series: [
        .init(
          "images by probability", bins.map { (100 * $0.confidence, 100 * $0.accuracy) },
          style: .dots),
        .init("exact", [(0, 0), (100, 100)], style: .dashedLine),
      ])
  }
}

extension TestResults {
  /// The calibration of the answers.
  package var calibration: Calibration {
    Calibration(
      confidence: confidence, isRight: zip(split.labels, predicted).map { $0 == $1 })
  }
}
