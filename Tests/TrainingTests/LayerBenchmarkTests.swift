import Autotuner
import DeviceRuntime
import Graph
import Models
import Operators
import TestSupport
import Testing

@testable import Training

/// What `bench layers` counts beside the times.
@Suite(.serialized)
struct LayerBenchmarkTests {
  @Test func launchesAreThoseOfAStep() throws {
    let context = try TestDevice().context
    let peaks = try DevicePeaks.measure(on: context)
    let (model, image) = (
      try ModelName(parsing: "wrn-10-1").model(), ImageShape(height: 8, width: 8, channels: 3)
    )
    let rows = try LayerBenchmark(model: model, image: image, classes: 4, batch: 2).run(
      steps: 1, on: context, peaks: peaks, chooser: DefaultChooser())

    let step = try MeasuredStep(
      model: model, image: image, classes: 4, batch: 2, on: context, chooser: DefaultChooser())
    let recorder = EventRecorder()
    step.queue.recorder = recorder
    try step.enqueue()
    try step.queue.finish()
    #expect(rows.reduce(0) { $0 + $1.launches } == recorder.events.count)
    #expect(rows.contains { $0.launches > 1 })

    for row in rows where row.ms > 0 {
      func isClose(_ percent: Double?, _ amount: Double?) -> Bool {
        guard let percent, let amount else { return percent == nil && amount == nil }
        return abs(percent - 100 * amount / (row.ms * 1e-3)) <= 1e-9 * percent
      }
      #expect(isClose(row.percentOfFma, row.flops / peaks.gflops * 1e-9), "\(row)")
      #expect(
        isClose(row.percentOfCache, row.cacheBytes.map { $0 / peaks.cacheGbs * 1e-9 }), "\(row)")
      #expect(
        isClose(row.percentOfMemory, row.memoryBytes.map { $0 / peaks.gbs * 1e-9 }), "\(row)")
      #expect(
        isClose(row.percentOfLaunch, Double(row.launches) * peaks.launchUs * 1e-6), "\(row)")
    }
  }
}
