import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// Candidates on devices of other kinds and sizes than the test's own.
struct CandidateTests {
  @Test("any problem that a file can hold has a distance")
  func distanceOfAnyShape() throws {
    let shape = Conv2DShape(
      batch: 4, inHeight: 8, inWidth: 8, inChannels: 16, outChannels: 16, kernel: 3)
    for size in [Int.min, -1, 0, .max] {
      var other = shape
      other.batch = size
      other.inHeight = size
      other.inWidth = size
      other.inChannels = size
      let distance = Conv2DForward.distance(
        Conv2DForward.Problem(shape: shape), Conv2DForward.Problem(shape: other))
      #expect(size == .max ? try #require(distance).isFinite : distance?.isFinite != true)
    }
  }

  @Test(
    "work-groups fit the device; one work-item a group comes first on a CPU, many on a GPU",
    arguments: [DeviceKind.cpu, .gpu, .accelerator], [1, 32, 64, 128, 1024])
  func groupsFit(kind: DeviceKind, maxWorkGroup: Int) throws {
    var info = try TestDevice().context.info
    info.kind = kind
    info.maxWorkGroup = maxWorkGroup
    for operation in allOperations { check(operation, on: info) }
  }

  private func check<Operation: TunableOperation>(
    _ operation: Operation.Type, on device: DeviceInfo
  ) {
    for problem in Operation.exampleProblems {
      let candidates = Operation.candidates(for: problem, on: device)
      #expect(!candidates.isEmpty, "\(Operation.name) \(problem)")
      #expect(Set(candidates).count == candidates.count, "\(Operation.name) \(problem)")
      for (number, configuration) in candidates.enumerated() {
        let label = Comment(rawValue: "\(Operation.name) [\(problem)] \(configuration)")
        let plan = Operation.plan(problem, configuration)
          .expanded(choosing: DefaultChooser(), on: device)
        let groups = plan.launches.compactMap { launch in
          if case .kernel(let kernel) = launch { kernel.range.local.product } else { nil }
        }
        let largest = groups.max() ?? 1
        #expect(largest <= device.maxWorkGroup, label)
        guard number == 0, !groups.isEmpty else { continue }
        // Convolutions have no tiling for GPUs with smaller groups.
        let isRight = device.kind == .gpu ? largest >= 64 || device.maxWorkGroup < 64 : largest == 1
        #expect(isRight, label)
      }
    }
  }

  @Test("no Winograd for the 7x7 convolution with stride 2 that ImageNet's networks begin with")
  func largeKernelsAreDirect() throws {
    let shape = Conv2DShape(
      batch: 2, inHeight: 224, inWidth: 224, inChannels: 3, outChannels: 64, kernel: 7, stride: 2)
    #expect(shape.pad == 3 && shape.outHeight == 112 && shape.outWidth == 112)
    for kind in [DeviceKind.cpu, .gpu] {
      var info = try TestDevice().context.info
      info.kind = kind
      let names =
        Conv2DForward.candidates(for: Conv2DForward.Problem(shape: shape), on: info)
        .map(\.description)
        + Conv2DBackwardFilter.candidates(
          for: Conv2DBackwardFilter.Problem(shape: shape), on: info
        ).map(\.description)
      #expect(!names.contains { $0.hasPrefix("winograd") })
    }
  }
}
