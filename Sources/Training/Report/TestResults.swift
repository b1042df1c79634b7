import Datasets
import Foundation

/// What a network answers to each test image.
package struct TestResults: Sendable {
  /// The images.
  package let split: LabeledImages
  package let classNames: [String]
  /// The most likely class of each image.
  package private(set) var predicted: [Int32] = []
  /// Its probability.
  package private(set) var confidence: [Double] = []
  /// All logits, [image, class].
  package private(set) var logits: [Float] = []

  package init(_ split: LabeledImages, classNames: [String]) {
    self.split = split
    self.classNames = classNames
  }

  /// Adds the logits of the next images, one row of `classNames.count` an image.
  package mutating func append(logits: ArraySlice<Float>) {
    let classes = classNames.count
    self.logits += logits
    for start in stride(from: logits.startIndex, to: logits.endIndex, by: classes) {
      let row = logits[start..<start + classes]
      guard let best = row.indices.max(by: { row[$0] < row[$1] }) else { continue }
      predicted.append(Int32(best - start))
      confidence.append(1 / row.reduce(0) { $0 + exp(Double($1 - row[best])) })
    }
  }

  /// Images of each class (row) by the class that was answered (column).
  package var confusion: [[Int]] {
    var counts = [[Int]](
      repeating: [Int](repeating: 0, count: classNames.count), count: classNames.count)
    for (label, answer) in zip(split.labels, predicted) { counts[Int(label)][Int(answer)] += 1 }
    return counts
  }

  /// The first images of every class, class by class; of more classes than fit on a page, those of
  /// classes at equal distances.
  ///
  /// At least 12 images and at most 100, about a megapixel.
  package var samples: [Int] {
    let room = min(100, max(12, (1 << 20) / (split.height * split.width)))
    var places = [[Int]](repeating: [], count: classNames.count)
    for (index, label) in split.labels.enumerated() { places[Int(label)].append(index) }
    let present = places.filter { !$0.isEmpty }
    let shown = min(present.count, room)
    let each = max(1, 12 / max(1, shown))
    return (0..<shown).flatMap { present[$0 * present.count / shown].prefix(each) }
  }

  /// One image as a PNG file; nothing where its own file cannot be read any more.
  package func png(_ index: Int) -> [UInt8] {
    guard let pixels = try? split.testPixels(index),
      let file = try? PNG.encoded(
        pixels[...], height: split.height, width: split.width, channels: split.channels)
    else { return [] }
    return file
  }
}
