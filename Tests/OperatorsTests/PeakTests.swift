import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// The measured peaks and what they are measured with.
@Suite(.serialized)
struct PeakTests {
  @Test func chainsAreExact() throws {
    let device = try TestDevice()
    let problem = PeakMultiplyAdd.Problem(count: 5, iterations: 3)
    for configuration in PeakMultiplyAdd.candidates(for: problem, on: device.context.info) {
      let outputs = try run(
        PeakMultiplyAdd.self, problem, configuration, [[-2, 0, 2, 3, 8]], on: device)
      // x / 8 + 1 + 1/2 + 1/4.
      #expect(outputs["y"] == [1.5, 1.75, 2, 2.125, 2.75], "\(configuration)")
    }
  }

  @Test func regionsAreReadAsOftenAsAsked() throws {
    let device = try TestDevice()
    let problem = PeakCacheRead.Problem(groups: 3, regions: 2, count: 32, iterations: 5)
    let x = [Float](repeating: 1, count: 32) + [Float](repeating: 2, count: 32)
    for configuration in PeakCacheRead.candidates(for: problem, on: device.context.info) {
      let outputs = try run(PeakCacheRead.self, problem, configuration, [x], on: device)
      #expect(outputs["y"] == [160, 320, 160], "\(configuration)")
      let work = PeakCacheRead.work(problem, configuration, on: device.context.info)
      #expect(
        work.traffic == Traffic(cacheBytes: 4 * 3 * 32 * 5, memoryBytes: 4 * (2 * 32 + 3)))
    }
  }

  @Test func costCountsWhatTheKernelDoes() {
    let cost = PeakMultiplyAdd.cost(PeakMultiplyAdd.Problem(count: 10, iterations: 7))
    #expect(cost.flops == 140)
    #expect(Copy.cost(Copy.Problem(count: 10)).bytes == 80)
  }

  /// Seconds of the default's fastest run of a few, as the host's clock has it.
  private func seconds<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem, on context: Context
  ) throws -> Double {
    let queue = try context.makeQueue()
    let plan = Instance(operation, problem).plan(choosing: DefaultChooser(), on: context.info).plan
    var buffers: [String: any DeviceBuffer] = [:]
    for tensor in Operation.tensors(problem) {
      let buffer = try context.makeBuffer(Float.self, count: tensor.count)
      try buffer.fill(1, on: queue)
      buffers[tensor.name] = buffer
    }
    let bound = try BoundOperation(
      name: Operation.name, plan: plan, buffers: buffers, context: context)
    let times = try (0..<4).map { _ in
      try queue.finish()
      return try ContinuousClock().measure {
        try bound.enqueue(on: queue)
        try queue.finish()
      }
    }
    return try #require(times.min()) / .seconds(1)
  }

  @Test func peaksAreThoseOfACandidateAndAgreeWithAClock() throws {
    let context = try TestDevice().context
    let peaks = try DevicePeaks.measure(on: context)
    let problem = PeakMultiplyAdd.Problem(count: 1, iterations: 1)
    let candidates = PeakMultiplyAdd.candidates(for: problem, on: context.info)
    #expect(candidates.map(\.description).contains(peaks.multiplyAdd))
    let copies = Copy.candidates(for: Copy.Problem(count: 1), on: context.info)
    #expect(copies.map(\.description).contains(peaks.copy))

    // Other sizes, counted here and timed by another clock than events have.
    let (count, iterations) = (61_440 * context.info.computeUnits, 1 << 14)
    let multiplyAdds = try seconds(
      PeakMultiplyAdd.self, PeakMultiplyAdd.Problem(count: count, iterations: iterations),
      on: context)
    let gflops = 2 * Double(count) * Double(iterations) / multiplyAdds * 1e-9
    #expect((0.3...10).contains(peaks.gflops / gflops), "\(peaks.gflops), by a clock \(gflops)")
    let floats = 16 << 20
    let copying = try seconds(Copy.self, Copy.Problem(count: floats), on: context)
    let gbs = 2 * 4 * Double(floats) / copying * 1e-9
    #expect((0.1...10).contains(peaks.gbs / gbs), "\(peaks.gbs), by a clock \(gbs)")

    let readings = PeakCacheRead.Problem(
      groups: 2 * context.info.computeUnits, regions: 1,
      count: 16 * (context.info.cacheOfCore / 3 / 64), iterations: 1 << 10)
    let reading = try seconds(PeakCacheRead.self, readings, on: context)
    let bytes = 4 * Double(readings.groups) * Double(readings.count) * Double(1 << 10)
    let cacheGbs = bytes / reading * 1e-9
    #expect(
      (0.1...10).contains(peaks.cacheGbs / cacheGbs),
      "\(peaks.cacheGbs), by a clock \(cacheGbs)")
    let cacheReads = PeakCacheRead.candidates(for: readings, on: context.info)
    #expect(cacheReads.map(\.description).contains(peaks.cacheRead))

    // A launch that is waited for is no faster than one of many.
    let waited = try seconds(
      PeakMultiplyAdd.self, PeakMultiplyAdd.Problem(count: 1, iterations: 0), on: context)
    #expect(
      peaks.launchUs > 0 && peaks.launchUs * 1e-6 < 10 * waited,
      "\(peaks.launchUs) us, waited for \(waited) s")
  }
}
