import Autotuner
import DeviceRuntime

/// What a device reaches at most, as measured: the roof over every kernel.
package struct DevicePeaks: Hashable, Codable, Sendable {
  /// Of multiply-adds in single precision that wait for nothing, in 10⁹ operations a second.
  package var gflops: Double
  /// Of a copy, read and written bytes together, in 10⁹ a second.
  package var gbs: Double
  /// The configurations that were the fastest.
  package var multiplyAdd: String
  package var copy: String

  /// Measures both in one to two seconds: the best candidate's median.
  package static func measure(on context: Context) throws(CLError) -> DevicePeaks {
    let queue = try context.makeQueue()
    let multiplyAdd = try fastest(
      PeakMultiplyAdd.self, multiplyAddProblem(on: context.info, queue: queue), queue: queue)
    let copy = try fastest(Copy.self, copyProblem(on: context.info), queue: queue)
    return DevicePeaks(
      gflops: multiplyAdd.cost.flops / multiplyAdd.seconds * 1e-9,
      gbs: copy.cost.bytes / copy.seconds * 1e-9,
      multiplyAdd: multiplyAdd.configuration, copy: copy.configuration)
  }

  /// So many iterations that a run takes about 20 ms, far more than a launch.
  private static func multiplyAddProblem(
    on device: DeviceInfo, queue: Queue
  ) throws(CLError) -> PeakMultiplyAdd.Problem {
    // Vectors that 16, 20 and 24 chains divide: a CPU's unit gets 15, 12 or 10 whole groups.
    let perUnit = device.kind == .gpu ? 16 * 3840 : 3840
    let count = perUnit * max(1, device.computeUnits)
    var iterations = 1 << 8
    while true {
      let problem = PeakMultiplyAdd.Problem(count: count, iterations: iterations)
      let bench = try Workbench(PeakMultiplyAdd.self, problem, queue: queue)
      let candidate = try bench.bind(
        DefaultChooser().configuration(for: PeakMultiplyAdd.self, problem, on: device))
      // The first run may still translate the kernel.
      _ = try bench.seconds(of: candidate)
      let seconds = try bench.seconds(of: candidate)
      if seconds >= 0.01 || iterations >= 1 << 26 { return problem }
      let factor = min(64, max(2, 0.02 / max(seconds, 1e-9)))
      iterations = min(1 << 26, Int(Double(iterations) * factor))
    }
  }

  /// Buffers that no cache holds, within what the device has.
  private static func copyProblem(on device: DeviceInfo) -> Copy.Problem {
    let bytes = min(128 << 20, device.maxAllocation / 2, device.globalMemory / 8)
    return Copy.Problem(count: max(1, bytes / 4))
  }

  private static func fastest<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem, queue: Queue
  ) throws(CLError) -> (seconds: Double, cost: Cost, configuration: String) {
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
    return (best.seconds, Operation.cost(problem), best.configuration)
  }
}
