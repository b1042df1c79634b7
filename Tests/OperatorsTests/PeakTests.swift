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

  @Test func costCountsWhatTheKernelDoes() {
    let cost = PeakMultiplyAdd.cost(PeakMultiplyAdd.Problem(count: 10, iterations: 7))
    #expect(cost.flops == 140)
    #expect(Copy.cost(Copy.Problem(count: 10)).bytes == 80)
  }

  @Test func peaksAreThoseOfACandidate() throws {
    let context = try TestDevice().context
    let peaks = try DevicePeaks.measure(on: context)
    // No device that runs OpenCL is slower, none is faster.
    #expect((0.1...1e6).contains(peaks.gflops), "\(peaks)")
    #expect((0.1...1e5).contains(peaks.gbs), "\(peaks)")
    let problem = PeakMultiplyAdd.Problem(count: 1, iterations: 1)
    let candidates = PeakMultiplyAdd.candidates(for: problem, on: context.info)
    #expect(candidates.map(\.description).contains(peaks.multiplyAdd))
    let copies = Copy.candidates(for: Copy.Problem(count: 1), on: context.info)
    #expect(copies.map(\.description).contains(peaks.copy))
  }
}
