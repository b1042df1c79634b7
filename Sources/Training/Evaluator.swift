import Autotuner
import Datasets
import DeviceRuntime
import Graph

/// Measures loss and error of a network over a split, with the running statistics.
package final class Evaluator {
  let executor: Executor
  private let dataset: any BatchSource
  private let metrics: MetricsBuffer
  private let batch: Int
  private var isLoaded = false

  /// An evaluator of `batch` images at once; `arenas` as `Executor` has it.
  ///
  /// `load` comes before the first evaluation.
  package init(
    _ split: LabeledImages, mean: [Float], standardDeviation: [Float], batch: Int,
    store: ParameterStore, chooser: any ConfigurationChooser = DefaultChooser(),
    arenas: [Buffer<UInt8>]? = nil, sharesMemory: Bool = true
  ) throws {
    let batch = min(batch, split.count)
    self.batch = batch
    dataset = try makeBatchSource(
      split, mean: mean, standardDeviation: standardDeviation, augmentation: .none, seed: 0,
      context: store.context, queue: store.queue)
    metrics = try MetricsBuffer(context: store.context, queue: store.queue)
    executor = try Executor(
      .evaluation(
        store.network, batch: batch,
        source: ImageSource(split, augmentation: .none)),
      store: store, external: dataset.buffers(metrics: metrics.buffer), chooser: chooser,
      arenas: arenas, sharesMemory: sharesMemory)
  }

  /// Copies the images to the device.
  package func load() throws {
    try dataset.load()
    isLoaded = true
  }

  /// Loss and error over all images; stops early, with nil, when `stop` says so.
  ///
  /// `results`, where given, gets what the network answers to each image.
  package func evaluate(
    results: inout TestResults?, stop: () -> Bool = { false }
  ) throws -> Metrics? {
    precondition(isLoaded, "an evaluation of images that are not on the device")
    try metrics.reset()
    for (number, first) in stride(from: 0, to: dataset.count, by: batch).enumerated() {
      let valid = min(batch, dataset.count - first)
      let end = first + valid
      try dataset.provide(
        first..<end, slots: batch,
        next: end < dataset.count ? end..<min(end + batch, dataset.count) : nil, to: executor)
      try executor.enqueue(
        scalars: StepScalars(first: first, valid: valid, seed: 0, step: 0).values)
      if let classes = results?.classNames.count {
        results?.append(logits: try executor.read("logits").prefix(valid * classes))
      }
      // Waiting now and then keeps the queue short and lets an interruption through.
      if number % 16 == 15 {
        _ = try metrics.read()
        if stop() { return nil }
      }
    }
    return try metrics.metrics()
  }

  /// Loss and error over all images; stops early, with nil, when `stop` says so.
  package func evaluate(stop: () -> Bool = { false }) throws -> Metrics? {
    var results: TestResults?
    return try evaluate(results: &results, stop: stop)
  }
}
