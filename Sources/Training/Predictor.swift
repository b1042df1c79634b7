import Autotuner
import Datasets
import DeviceRuntime
import Foundation
import Graph

/// Answers of a checkpoint's network to images, with the running statistics.
package final class Predictor {
  /// A class and how likely it is.
  package struct Answer: Hashable, Sendable {
    /// The class, from 0.
    package let label: Int
    package let probability: Double
  }

  /// Images that are answered at once, at most.
  package let batch: Int
  private let network: Network
  private let executor: Executor
  private let file: String

  /// Allocates and builds for `batch` images at once; `file` names the checkpoint in errors.
  package init(
    _ checkpoint: Checkpoint, file: String, batch: Int, context: Context,
    chooser: any ConfigurationChooser = DefaultChooser(), checks: Checks? = nil
  ) throws {
    self.batch = batch
    self.file = file
    let network = checkpoint.header.network
    self.network = network
    // A header may claim any network; memory is taken for one whose tensors are there.
    try checkpoint.tensors.check(network.parameters + network.states, prefix: "", file: file)
    executor = try Checks.checked(checks, on: context, chooser: chooser, executors: { [$0] }) {
      let queue = try context.makeQueue()
      let store = try ParameterStore(
        network: network, for: .evaluation, context: context, queue: queue)
      let metrics = try MetricsBuffer(context: context, queue: queue)
      return try Executor(
        .evaluation(network, batch: batch, source: .host), store: store,
        external: ["metrics": metrics.buffer], chooser: $0)
    }
    try checkpoint.restore(into: executor.store, velocities: false, file: file)
  }

  /// The logits `[classes]` of each of at most `batch` images, prepared inputs `[H, W, C]`.
  package func logits(of images: [[Float]]) throws -> [[Float]] {
    let size = network.image.count
    precondition(
      images.count <= batch && images.allSatisfy { $0.count == size }, "images of the network")
    guard !images.isEmpty else { return [] }
    let empty = [Float](repeating: 0, count: (batch - images.count) * size)
    try executor.write("images", Array(images.joined()) + empty)
    try executor.write("labels", [Int32](repeating: 0, count: batch))
    try executor.enqueue(
      scalars: StepScalars(first: 0, valid: images.count, seed: 0, step: 0).values)
    let logits = try executor.read("logits")
    return images.indices.map {
      Array(logits[$0 * network.classes..<($0 + 1) * network.classes])
    }
  }

  /// For each of at most `batch` images its `top` likeliest classes, the likeliest first, equal ones
  /// in the order of their labels.
  ///
  /// Throws with status 65 when the network's answer is not a number.
  package func answers(to images: [[Float]], top: Int) throws -> [[Answer]] {
    try logits(of: images).map { logits in
      guard logits.allSatisfy(\.isFinite) else {
        throw TrainingError(
          .badData, file, why: "its network answers with what is not a number",
          advice: "give a checkpoint of a training that did not fail")
      }
      return Predictor.ranked(logits, top: top)
    }
  }

  /// The softmax of finite logits `[classes]`, its `top` first.
  static func ranked(_ logits: [Float], top: Int) -> [Answer] {
    let largest = Double(logits.max() ?? 0)
    let weights = logits.map { exp(Double($0) - largest) }
    let sum = weights.reduce(0, +)
    return logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(top).map {
      Answer(label: $0, probability: weights[$0] / sum)
    }
  }
}

extension Checkpoint.Header {
  /// How image files become the network's input; throws with status 65 where none can.
  package func imageInput(file: String) throws(TrainingError) -> ImageInput {
    let name = try? DatasetName(parsing: data)
    guard
      let input = ImageInput(
        height: image.height, width: image.width, channels: image.channels, mean: mean,
        standardDeviation: standardDeviation, whitening: whitening,
        areFiles: name?.imageFileSize != nil)
    else {
      throw TrainingError(
        .badData, file, why: "its network takes \(image), which no image file can become",
        advice: "give a checkpoint of a network for 1 or 3 channels")
    }
    return input
  }

  /// The name of each class, safe to print: from the checkpoint, its data set, or a number.
  package var printableClassNames: [String] {
    let usual = (try? DatasetName(parsing: data))?.classNames
    guard let names = classNames ?? usual, names.count == classes else {
      return (0..<classes).map { "class \($0)" }
    }
    return names.map { $0.harmless(limit: 200) }
  }
}
