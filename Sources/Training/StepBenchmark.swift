import Autotuner
import Datasets
import DeviceRuntime
import Dispatch
import Foundation
import Graph
import Models
import Operators

/// Measures training steps of a model, or its inference, on random images.
package struct StepBenchmark {
  /// What was measured; times in seconds.
  package struct Result: Encodable {
    package var model: String
    package var batch: Int
    package var device: String
    package var medianS: Double
    package var minS: Double
    package var imagesPerSecond: Double
    /// The convolutions' and the linear layer's multiply-adds, thrice when training, over the median.
    package var effectiveGflops: Double
    package var peakDeviceBytes: Int
    package var parameters: Int
    /// Event time of all kernels in a step.
    package var kernelS: Double
    /// From the end of a step's last kernel to the start of the next step's first, median.
    package var gapS: Double
    package var operations: [Operation]

    package struct Operation: Encodable {
      package var name: String
      package var launches: Int
      package var seconds: Double
    }
  }

  private let model: Model
  private let image: ImageShape
  private let classes: Int
  private let batch: Int
  private let mode: PlanMode

  package init(
    model: Model, image: ImageShape, classes: Int, batch: Int, mode: PlanMode = .training
  ) {
    self.model = model
    self.image = image
    self.classes = classes
    self.batch = batch
    self.mode = mode
  }

  /// Runs `steps` measured steps after two others, each waited for; then as many profiled ones.
  package func run(
    steps: Int, on context: Context, chooser: any ConfigurationChooser = DefaultChooser(),
    checks: Checks? = nil
  ) throws -> Result {
    let step = try MeasuredStep(
      model: model, image: image, classes: classes, batch: batch, mode: mode, on: context,
      chooser: chooser, checks: checks)
    let (network, queue) = (step.network, step.queue)
    for _ in 0..<2 { try step.enqueue() }
    try queue.finish()
    var seconds: [Double] = []
    for _ in 0..<steps {
      let begin = DispatchTime.now().uptimeNanoseconds
      try step.enqueue()
      try queue.finish()
      seconds.append(Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9)
    }
    let profile = try profile(steps: min(steps, 10), queue: queue, enqueue: step.enqueue)
    let median = seconds.sorted()[seconds.count / 2]
    let macs = network.layerSummaries.reduce(0) { $0 + $1.macs }
    return Result(
      model: model.name, batch: batch, device: context.info.name, medianS: median,
      minS: seconds.min() ?? median, imagesPerSecond: Double(batch) / median,
      effectiveGflops: (mode == .training ? 6 : 2) * Double(macs) * Double(batch) / median * 1e-9,
      peakDeviceBytes: context.peakBytes, parameters: network.parameterCount,
      kernelS: profile.kernels, gapS: profile.gap, operations: profile.operations)
  }

  /// Event times of steps enqueued back to back.
  private func profile(
    steps: Int, queue: Queue, enqueue: () throws -> Void
  ) throws -> (kernels: Double, gap: Double, operations: [Result.Operation]) {
    let recorder = EventRecorder()
    queue.recorder = recorder
    defer { queue.recorder = nil }
    var boundaries: [Int] = []
    for _ in 0..<steps {
      try enqueue()
      boundaries.append(recorder.events.count)
    }
    try queue.finish()
    let times = try recorder.events.map { try $0.times() }
    var sums: [String: Result.Operation] = [:]
    var total = 0.0
    for (event, time) in zip(recorder.events, times) {
      // An event's name is its layer's, its operation's and its kernel's.
      let name = event.name.split(separator: " ").dropLast().last.map(String.init) ?? event.name
      let seconds = Double(time.end - time.start) * 1e-9 / Double(steps)
      total += seconds
      sums[name, default: Result.Operation(name: name, launches: 0, seconds: 0)].seconds += seconds
      sums[name]?.launches += 1
    }
    let gaps = boundaries.dropLast().map { boundary in
      max(0, Double(times[boundary].start) - Double(times[boundary - 1].end)) * 1e-9
    }
    return (
      total, gaps.isEmpty ? 0 : gaps.sorted()[gaps.count / 2],
      sums.values.map {
        Result.Operation(name: $0.name, launches: $0.launches / steps, seconds: $0.seconds)
      }.sorted { $0.seconds > $1.seconds }
    )
  }
}
