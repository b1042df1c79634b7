import Autotuner
import DeviceRuntime
import Graph
import Models
import Operators

/// Measures every convolution of a training step, pass by pass, against the device's roofs.
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
    /// Kernels in one step; a product by CLBlast counts as one.
    package var launches: Int
    /// The operations of the multiply-adds that the algorithm makes.
    package var flops: Double
    /// Bytes by `Traffic`, which the configuration's tiling gives; nil where it is not counted.
    package var cacheBytes: Double?
    package var memoryBytes: Double?
    /// The shares of `ms` that each resource alone would take at its measured peak.
    package var percentOfFma: Double
    package var percentOfCache: Double?
    package var percentOfMemory: Double?
    package var percentOfLaunch: Double
    /// Whether this is a convolution's pass, not a sum.
    package var isConvolution: Bool

    private enum CodingKeys: CodingKey {
      case layer, pass, operation, problem, configuration, ms, gflops, gbs, percentOfPeak
      case percentOfPeakGbs, launches, flops, cacheBytes, memoryBytes, percentOfFma
      case percentOfCache, percentOfMemory, percentOfLaunch
    }
  }

  /// What operations took and do, together.
  private struct Measured {
    var operations = 1
    var ms: Double
    var cost: Cost
    var work: Work
    var launches: Int

    static func + (a: Measured, b: Measured) -> Measured {
      Measured(
        operations: a.operations + b.operations, ms: a.ms + b.ms,
        cost: Cost(flops: a.cost.flops + b.cost.flops, bytes: a.cost.bytes + b.cost.bytes),
        work: a.work + b.work, launches: a.launches + b.launches)
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
    var others: [String: (row: Row, measured: Measured)] = [:]
    for (index, step) in executor.plan.steps.enumerated() {
      let (operation, planned) = (step.operation, executor.planned[index])
      let measured = Measured(
        ms: milliseconds[index], cost: operation.cost, work: planned.work,
        launches: planned.plan.launches.count)
      if operation.name.hasPrefix("conv2d_") {
        if convolutions[step.layer] == nil { layers.append(step.layer) }
        convolutions[step.layer, default: []].append(
          row(
            step.layer, String(operation.name.dropFirst("conv2d_".count)), operation.name,
            operation.problemText, planned.configuration, measured, peaks, isConvolution: true))
      } else {
        let key = "\(operation.name) \(step.phase)"
        let sum = others[key].map { $0.measured + measured } ?? measured
        let isOne = sum.operations == 1
        others[key] = (
          row(
            "all", step.phase.rawValue, operation.name,
            isOne ? operation.problemText : "\(sum.operations) problems",
            isOne ? planned.configuration : "", sum, peaks, isConvolution: false),
          sum
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
    _ configuration: String, _ measured: Measured, _ peaks: DevicePeaks, isConvolution: Bool
  ) -> Row {
    // A driver whose clock stands still must not give infinite speeds.
    let seconds = max(measured.ms * 1e-3, 1e-9)
    let (cost, work) = (measured.cost, measured.work)
    let (gflops, gbs) = (cost.flops / seconds * 1e-9, cost.bytes / seconds * 1e-9)
    func percent(_ amount: Double, of peak: Double) -> Double { 100 * amount / seconds / peak }
    return Row(
      layer: layer, pass: pass, operation: operation, problem: problem,
      configuration: configuration, ms: measured.ms, gflops: gflops, gbs: gbs,
      percentOfPeak: 100 * gflops / peaks.gflops, percentOfPeakGbs: 100 * gbs / peaks.gbs,
      launches: measured.launches, flops: work.flops, cacheBytes: work.traffic?.cacheBytes,
      memoryBytes: work.traffic?.memoryBytes,
      percentOfFma: percent(work.flops, of: peaks.gflops * 1e9),
      percentOfCache: work.traffic.map { percent($0.cacheBytes, of: peaks.cacheGbs * 1e9) },
      percentOfMemory: work.traffic.map { percent($0.memoryBytes, of: peaks.gbs * 1e9) },
      percentOfLaunch: percent(Double(measured.launches) * peaks.launchUs, of: 1e6),
      isConvolution: isConvolution)
  }
}
