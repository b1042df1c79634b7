import Autotuner
import DeviceRuntime
import Graph
import Models
import Operators

/// Measures every convolution of a training step, pass by pass, against the device's peaks.
package struct LayerBenchmark {
  /// A convolution's pass or, with the layer "all", the sum of one other operation.
  package struct Row: Encodable {
    package var layer: String
    /// "forward", "backward_data", "backward_filter"; of other operations the phase of the step.
    package var pass: String
    package var operation: String
    package var problem: String
    package var configuration: String
    /// Event time in one step: the median of several.
    package var ms: Double
    /// The problem's own arithmetic, whatever the algorithm, over the time.
    package var gflops: Double
    /// The bytes that must move at least, over the time.
    package var gbs: Double
    /// `gflops` of the measured peak; more than 100 where an algorithm saves multiplications.
    package var percentOfPeak: Double
    /// `gbs` of the measured peak.
    package var percentOfPeakGbs: Double
    /// Whether this is a convolution's pass, not a sum.
    package var isConvolution: Bool

    private enum CodingKeys: CodingKey {
      case layer, pass, operation, problem, configuration, ms, gflops, gbs, percentOfPeak
      case percentOfPeakGbs
    }
  }

  private let model: Model
  private let image: ImageShape
  private let classes: Int
  private let batch: Int

  package init(model: Model, image: ImageShape, classes: Int, batch: Int) {
    self.model = model
    self.image = image
    self.classes = classes
    self.batch = batch
  }

  /// The convolutions in the order of their layers, then the other operations, the longest first.
  package func run(
    steps: Int, on context: Context, peaks: DevicePeaks, chooser: any ConfigurationChooser,
    checks: Checks? = nil
  ) throws -> [Row] {
    let step = try MeasuredStep(
      model: model, image: image, classes: classes, batch: batch, on: context, chooser: chooser,
      checks: checks)
    for _ in 0..<2 { try step.enqueue() }
    try step.queue.finish()
    var samples: [[Double]] = []
    for _ in 0..<steps { samples.append(try milliseconds(of: step)) }
    let medians = samples[0].indices.map { index in
      samples.map { $0[index] }.sorted()[samples.count / 2]
    }
    return rows(of: step.executor, milliseconds: medians, peaks: peaks)
  }

  /// The event time of each of the plan's operations in one step.
  private func milliseconds(of step: MeasuredStep) throws(CLError) -> [Double] {
    let recorder = EventRecorder()
    step.queue.recorder = recorder
    defer { step.queue.recorder = nil }
    try step.enqueue()
    try step.queue.finish()
    var times = try recorder.times()[...]
    return step.executor.plan.steps.map { planned in
      // An event's name is its layer's, its operation's and its kernel's.
      let prefix = "\(planned.layer) \(planned.operation.name) "
      var sum = 0.0
      while let time = times.first, time.name.hasPrefix(prefix) {
        sum += time.milliseconds
        times.removeFirst()
      }
      return sum
    }
  }

  private func rows(
    of executor: Executor, milliseconds: [Double], peaks: DevicePeaks
  ) -> [Row] {
    var layers: [String] = []
    var convolutions: [String: [Row]] = [:]
    var others: [String: (row: Row, cost: Cost, launches: Int)] = [:]
    for (index, step) in executor.plan.steps.enumerated() {
      let operation = step.operation
      let (ms, cost) = (milliseconds[index], operation.cost)
      if operation.name.hasPrefix("conv2d_") {
        if convolutions[step.layer] == nil { layers.append(step.layer) }
        convolutions[step.layer, default: []].append(
          row(
            step.layer, String(operation.name.dropFirst("conv2d_".count)), operation.name,
            operation.problemText, executor.configurations[index], ms, cost, peaks,
            isConvolution: true))
      } else {
        let sum = others["\(operation.name) \(step.phase)"]
        let total = Cost(
          flops: cost.flops + (sum?.cost.flops ?? 0), bytes: cost.bytes + (sum?.cost.bytes ?? 0))
        let launches = 1 + (sum?.launches ?? 0)
        others["\(operation.name) \(step.phase)"] = (
          row(
            "all", step.phase.rawValue, operation.name,
            launches == 1 ? operation.problemText : "\(launches) problems",
            launches == 1 ? executor.configurations[index] : "", ms + (sum?.row.ms ?? 0), total,
            peaks, isConvolution: false),
          total, launches
        )
      }
    }
    let passes = ["forward", "backward_data", "backward_filter"]
    let place: (Row) -> Int = { passes.firstIndex(of: $0.pass) ?? passes.count }
    return layers.flatMap { (convolutions[$0] ?? []).sorted { place($0) < place($1) } }
      + others.values.map(\.row).sorted { ($1.ms, $0.operation) < ($0.ms, $1.operation) }
  }

  private func row(
    _ layer: String, _ pass: String, _ operation: String, _ problem: String,
    _ configuration: String, _ ms: Double, _ cost: Cost, _ peaks: DevicePeaks, isConvolution: Bool
  ) -> Row {
    // A driver whose clock stands still must not give infinite speeds.
    let seconds = max(ms * 1e-3, 1e-9)
    let (gflops, gbs) = (cost.flops / seconds * 1e-9, cost.bytes / seconds * 1e-9)
    return Row(
      layer: layer, pass: pass, operation: operation, problem: problem,
      configuration: configuration, ms: ms, gflops: gflops, gbs: gbs,
      percentOfPeak: 100 * gflops / peaks.gflops, percentOfPeakGbs: 100 * gbs / peaks.gbs,
      isConvolution: isConvolution)
  }
}
