import Autotuner
import DeviceRuntime

/// What a device reaches at most, as measured: the roofs over every kernel.
package struct DevicePeaks: Hashable, Codable, Sendable {
  /// Of multiply-adds in single precision that wait for nothing, in 10⁹ operations a second.
  package var gflops: Double
  /// Of a copy, read and written bytes together, in 10⁹ a second.
  package var gbs: Double
  /// Of all cores that read what their second caches hold, in 10⁹ bytes a second.
  package var cacheGbs: Double
  /// Of a kernel with nothing to do, one of many in a queue, in 10⁻⁶ s.
  package var launchUs: Double
  /// The configurations that were the fastest.
  package var multiplyAdd: String
  package var copy: String
  package var cacheRead: String

  /// Measures all in two to three seconds: the best candidate's median.
  package static func measure(on context: Context) throws(CLError) -> DevicePeaks {
    let queue = try context.makeQueue()
    let device = context.info
    // Vectors that 16, 20 and 24 chains divide: a CPU's unit gets 15, 12 or 10 whole groups.
    let count = (device.kind == .gpu ? 16 : 1) * 3840 * max(1, device.computeUnits)
    let chains = try longEnough(PeakMultiplyAdd.self, queue: queue) {
      PeakMultiplyAdd.Problem(count: count, iterations: $0)
    }
    let multiplyAdd = try fastest(PeakMultiplyAdd.self, chains, queue: queue)
    let copied = copyProblem(on: device)
    let copy = try fastest(Copy.self, copied, queue: queue)
    let readings = try longEnough(PeakCacheRead.self, queue: queue) {
      cacheProblem(on: device, iterations: $0)
    }
    let cacheRead = try fastest(PeakCacheRead.self, readings, queue: queue)
    return DevicePeaks(
      gflops: PeakMultiplyAdd.cost(chains).flops / multiplyAdd.seconds * 1e-9,
      gbs: Copy.cost(copied).bytes / copy.seconds * 1e-9,
      cacheGbs: readings.bytesRead / cacheRead.seconds * 1e-9,
      launchUs: try launchSeconds(queue) * 1e6, multiplyAdd: multiplyAdd.configuration,
      copy: copy.configuration, cacheRead: cacheRead.configuration)
  }

  /// A problem of so many iterations that a run takes about 20 ms, far more than a launch.
  private static func longEnough<Operation: TunableOperation>(
    _ operation: Operation.Type, queue: Queue, _ problem: (Int) -> Operation.Problem
  ) throws(CLError) -> Operation.Problem {
    var iterations = 1 << 8
    while true {
      let trial = problem(iterations)
      let bench = try Workbench(operation, trial, queue: queue)
      let candidate = try bench.bind(
        DefaultChooser().configuration(for: operation, trial, on: queue.context.info))
      // The first run may still translate the kernel.
      _ = try bench.seconds(of: candidate)
      let seconds = try bench.seconds(of: candidate)
      if seconds >= 0.01 || iterations >= 1 << 26 { return trial }
      let factor = min(64, max(2, 0.02 / max(seconds, 1e-9)))
      iterations = min(1 << 26, Int(Double(iterations) * factor))
    }
  }

  /// Buffers that no cache holds, within what the device has.
  private static func copyProblem(on device: DeviceInfo) -> Copy.Problem {
    let bytes = min(128 << 20, device.maxAllocation / 2, device.globalMemory / 8)
    return Copy.Problem(count: max(1, bytes / 4))
  }

  /// Regions of half a core's second cache, which a GPU's cores share.
  private static func cacheProblem(
    on device: DeviceInfo, iterations: Int
  ) -> PeakCacheRead.Problem {
    let groups = (device.kind == .gpu ? 16 : 4) * max(1, device.computeUnits)
    return PeakCacheRead.Problem(
      groups: groups, regions: device.kind == .gpu ? 1 : groups,
      count: max(1, device.cacheOfCore / 2 / 4 / 16) * 16, iterations: iterations)
  }

  private static func fastest<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem, queue: Queue
  ) throws(CLError) -> (seconds: Double, configuration: String) {
    let bench = try Workbench(operation, problem, queue: queue)
    var best = (seconds: Double.infinity, configuration: "")
    for configuration in Operation.candidates(for: problem, on: queue.context.info) {
      let candidate = try bench.bind(configuration)
      let warmUp = try bench.seconds(of: candidate)
      // What takes four times the best so far does not become the fastest.
      guard warmUp < 4 * best.seconds else { continue }
      var seconds: [Double] = []
      for _ in 0..<5 { seconds.append(try bench.seconds(of: candidate)) }
      let median = seconds.sorted()[seconds.count / 2]
      if median < best.seconds { best = (median, configuration.description) }
    }
    return best
  }

  /// Seconds from a launch to the next where many kernels with nothing to do are enqueued.
  private static func launchSeconds(_ queue: Queue) throws(CLError) -> Double {
    let nothing = PeakMultiplyAdd.Problem(count: 1, iterations: 0)
    let bench = try Workbench(PeakMultiplyAdd.self, nothing, queue: queue)
    let candidate = try bench.bind(
      DefaultChooser().configuration(
        for: PeakMultiplyAdd.self, nothing, on: queue.context.info))
    let runs = 200
    var seconds: [Double] = []
    for _ in 0..<6 { seconds.append(try bench.seconds(of: candidate, runs: runs)) }
    // The first may still translate the kernel.
    return seconds.dropFirst().sorted()[2] / Double(runs)
  }
}
