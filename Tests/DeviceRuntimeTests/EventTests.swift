import TestSupport
import Testing

@testable import DeviceRuntime

@Suite struct EventTests {
  @Test func summaryAndGapsOfGivenTimes() {
    let times = [
      LaunchTime(name: "short", start: 1_000_000, end: 2_000_000),
      LaunchTime(name: "long", start: 2_500_000, end: 9_500_000),
      LaunchTime(name: "short", start: 9_500_000, end: 11_500_000),
      LaunchTime(name: "early", start: 11_000_000, end: 14_000_000),
    ]
    #expect(
      LaunchSummary.of(times) == [
        LaunchSummary(name: "long", count: 1, milliseconds: 7),
        LaunchSummary(name: "early", count: 1, milliseconds: 3),
        LaunchSummary(name: "short", count: 2, milliseconds: 3),
      ])
    #expect(LaunchGap.of(times).map(\.milliseconds) == [0.5, 0, 0])
    #expect(LaunchGap.of(times).map(\.next) == ["long", "short", "early"])
    #expect(LaunchGap.of(times).map(\.previous) == ["short", "long", "short"])
    #expect(LaunchGap.of([]).isEmpty && LaunchSummary.of([]).isEmpty)
  }

  @Test func launchesOfAQueueInOrder() throws {
    let device = try TestDevice()
    let folder = try ScratchFolder(["scale.cl": ScratchKernels.scale])
    let context = try device.manager.makeContext(
      on: device.context.device, kernels: folder.kernels)
    let queue = try context.makeQueue()
    let buffer = try context.makeBuffer(Float.self, count: 1 << 16)
    try buffer.fill(1, on: queue)
    let kernel = try context.kernel("scale.cl", entryPoint: "scale")
    try kernel.setArguments([.buffer(buffer), .int(Int32(buffer.count)), .float(1)])
    let range = NDRange(groups: NDRange.Size(buffer.count / 64), local: NDRange.Size(64))
    try queue.launch(kernel, over: range, name: "not recorded")
    let recorder = EventRecorder()
    queue.recorder = recorder
    for name in ["a", "b", "a"] { try queue.launch(kernel, over: range, name: name) }
    queue.recorder = nil
    try queue.launch(kernel, over: range, name: "not recorded")
    try queue.finish()

    let times = try recorder.times()
    #expect(times.map(\.name) == ["a", "b", "a"])
    #expect(times.allSatisfy { $0.start < $0.end })
    #expect(zip(times, times.dropFirst()).allSatisfy { $0.end <= $1.start })
    let summary = try recorder.summary()
    #expect(summary.map(\.count).sorted() == [1, 2])
    let busy = summary.reduce(0) { $0 + $1.milliseconds }
    let idle = try recorder.gaps().reduce(0) { $0 + $1.milliseconds }
    let whole = Double(times[2].end - times[0].start) / 1e6
    #expect(abs(busy + idle - whole) < 1e-9 * whole)
    recorder.removeAll()
    #expect(try recorder.summary().isEmpty)
    #expect(context.ledger.alive["event"] == nil)
  }

  @Test func timesOfALaunchThatIsNotDoneAreAnError() throws {
    let device = try TestDevice()
    let folder = try ScratchFolder([
      "slow.cl": """
      __kernel void slow(__global float* restrict y, const int steps) {
        float x = y[0];
        for (int i = 0; i < steps; i++) x = sin(x) + 1;
        y[0] = x;
      }
      """
    ])
    let context = try device.manager.makeContext(
      on: device.context.device, kernels: folder.kernels)
    let queue = try context.makeQueue()
    let buffer = try context.makeBuffer(Float.self, count: 1)
    try buffer.fill(1, on: queue)
    let kernel = try context.kernel("slow.cl", entryPoint: "slow")
    try kernel.setArguments([.buffer(buffer), .int(30_000_000)])
    let recorder = EventRecorder()
    queue.recorder = recorder
    try queue.launch(kernel, over: NDRange(groups: NDRange.Size(1)), name: "slow")
    let error = #expect(throws: CLError.self) { try recorder.summary() }
    #expect(error?.name == "CL_PROFILING_INFO_NOT_AVAILABLE")
    #expect(error?.description.contains("slow") == true)
    try queue.finish()
  }
}
