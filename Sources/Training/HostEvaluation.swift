import Autotuner
import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models

/// An evaluation that is made twice: on the device, as always, and on the host by the
/// double-precision references.
package struct HostEvaluation: Encodable, Sendable {
  package var images: Int
  /// Per cent, by the device and by the host.
  package var error: Double
  package var hostError: Double
  package var loss: Double
  package var hostLoss: Double
  /// Images whose likeliest class the two do not agree on.
  package var differentAnswers: Int
  package var largestLogit: Double
  package var largestLogitDifference: Double
  /// What the difference may be: a share of the logits' size.
  package var logitBound: Double
  /// The first layer whose outputs are further from the host's than that share; nil where none is.
  package var firstWrongLayer: Layer?
  package var passed: Bool

  /// A layer's outputs beside the host's.
  package struct Layer: Encodable, Sendable {
    package var name: String
    package var largestDifference: Double
    package var bound: Double
  }

  /// Of the root mean square of a layer's outputs: what rounding leaves of it in single precision,
  /// and Winograd's transforms, after a hundred layers is far less.
  static let share = 1e-3
}

extension Checkpoint {
  /// Evaluates a data set's first `count` test images on the device and on the host.
  ///
  /// The host reads the images from `data`'s own memory, and goes through the layers of the network
  /// one by one; image files it decodes and prepares for both. `file` names the checkpoint in
  /// errors; throws with status 65 where the data do not fit it. `progress` gets the number of images
  /// that the host has answered.
  package func evaluateOnHost(
    data: Dataset, count: Int, file: String, batch: Int, context: Context,
    chooser: any ConfigurationChooser, checks: Checks?, stop: () -> Bool = { false },
    progress: (Int) -> Void = { _ in }
  ) throws -> HostEvaluation? {
    let data = try header.fitted(data.prefix(count), file: file)
      .handling(header.orientation ?? .ignored)
    var results: TestResults? = TestResults(
      data.test, classNames: (0..<header.classes).map { "class \($0)" })
    let metrics = try evaluate(
      on: data, file: file, batch: batch, context: context, chooser: chooser, checks: checks,
      results: &results)
    let host = try HostNetwork(self, file: file)
    let images = try header.whitening.map { try data.test.whitened(by: $0) } ?? data.test
    var expected: [Double] = []
    for image in 0..<images.count {
      if stop() { return nil }
      expected += host.outputs(of: try input(image, of: images)).last ?? []
      progress(image + 1)
    }
    var evaluation = comparison(
      of: metrics, results?.logits ?? [], with: expected, labels: images.labels)
    if !evaluation.passed {
      evaluation.firstWrongLayer = try firstWrongLayer(
        host, of: images.prefix(8), file: file, context: context, chooser: chooser)
    }
    return evaluation
  }

  /// An image of a split, whitened where the network's are, as the network takes it: [H, W, C].
  private func input(_ image: Int, of split: LabeledImages) throws(DataError) -> [Double] {
    if split.files != nil {
      return try split.testValues(
        image, mean: header.mean, standardDeviation: header.standardDeviation
      ).map(Double.init)
    }
    let size = split.height * split.width * split.channels
    let places = image * size..<(image + 1) * size
    if let values = split.values { return values[places].map(Double.init) }
    return places.map { place in
      let channel = place % split.channels
      return (Double(split.images[place]) - Double(header.mean[channel]))
        / Double(header.standardDeviation[channel])
    }
  }

  private func comparison(
    of metrics: Metrics, _ logits: [Float], with expected: [Double], labels: [Int32]
  ) -> HostEvaluation {
    let classes = header.classes
    let bound = HostEvaluation.share * rootMeanSquare(expected)
    let difference = largestDifference(logits, expected)
    var (wrong, different, loss) = (0, 0, 0.0)
    for (image, label) in labels.enumerated() {
      let row = Array(expected[image * classes..<(image + 1) * classes])
      let found = Array(logits[image * classes..<(image + 1) * classes])
      let largest = row.max() ?? 0
      let answer = row.firstIndex(of: largest)
      loss += log(row.reduce(0) { $0 + exp($1 - largest) }) + largest - row[Int(label)]
      wrong += answer == Int(label) ? 0 : 1
      different += found.firstIndex(of: found.max() ?? 0) == answer ? 0 : 1
    }
    return HostEvaluation(
      images: labels.count, error: metrics.error,
      hostError: 100 * Double(wrong) / Double(labels.count), loss: metrics.loss,
      hostLoss: loss / Double(labels.count), differentAnswers: different,
      largestLogit: expected.map(abs).max() ?? 0, largestLogitDifference: difference,
      logitBound: bound, passed: difference <= bound)  // false for a NaN
  }

  /// The first layer whose outputs leave the bound.
  private func firstWrongLayer(
    _ host: HostNetwork, of images: LabeledImages, file: String, context: Context,
    chooser: any ConfigurationChooser
  ) throws -> HostEvaluation.Layer? {
    let network = header.network
    let queue = try context.makeQueue()
    let store = try ParameterStore(
      network: network, for: .evaluation, context: context, queue: queue)
    try restore(into: store, velocities: false, file: file)
    let dataset = try makeBatchSource(
      images, mean: header.mean, standardDeviation: header.standardDeviation, augmentation: .none,
      seed: 0, context: context, queue: queue)
    let metrics = try MetricsBuffer(context: context, queue: queue)
    let (plan, outputs) = ExecutionPlan.evaluationKeepingLayers(
      network, batch: images.count, source: ImageSource(images, augmentation: .none))
    let executor = try Executor(
      plan, store: store, external: dataset.buffers(metrics: metrics.buffer), chooser: chooser)
    try dataset.load()
    try dataset.provide(0..<images.count, slots: images.count, next: nil, to: executor)
    try executor.enqueue(
      scalars: StepScalars(first: 0, valid: images.count, seed: 0, step: 0).values)
    let expected = try (0..<images.count).map { host.outputs(of: try input($0, of: images)) }
    for (layer, tensor) in outputs.sorted(by: { $0.key < $1.key }) {
      let expected = expected.flatMap { $0[layer] }
      let difference = largestDifference(try executor.read(tensor: tensor), expected)
      let bound = HostEvaluation.share * rootMeanSquare(expected)
      if !(difference <= bound) {
        return HostEvaluation.Layer(
          name: network.nodes[layer].name, largestDifference: difference, bound: bound)
      }
    }
    return nil
  }

  private func rootMeanSquare(_ values: [Double]) -> Double {
    (values.reduce(0) { $0 + $1 * $1 } / Double(max(values.count, 1))).squareRoot()
  }

  /// The largest difference; infinite where one is not a number or the counts differ.
  private func largestDifference(_ a: [Float], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).reduce(0) {
      let difference = abs(Double($1.0) - $1.1)
      return difference.isNaN ? .infinity : max($0, difference)
    }
  }
}
