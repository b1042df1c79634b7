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

  private static let operations: [any TunableOperation.Type] = [
    LinearForward.self, LinearBackward.self, SoftmaxCrossEntropy.self, SGD.self, Augment.self,
    Initialize.self, Fill.self, PeakMultiplyAdd.self, Copy.self, AddReLUForward.self,
    AddReLUBackward.self, PaddedShortcutForward.self, PaddedShortcutBackward.self,
    MaxPoolForward.self, MaxPoolBackward.self,
  ]

  @Test(
    "work-groups fit the device; one work-item a group comes first on a CPU, many on a GPU",
    arguments: [DeviceKind.cpu, .gpu, .accelerator], [1, 32, 64, 1024])
  func groupsFit(kind: DeviceKind, maxWorkGroup: Int) throws {
    var info = try TestDevice().context.info
    info.kind = kind
    info.maxWorkGroup = maxWorkGroup
    for operation in Self.operations { check(operation, on: info) }
  }

  private func check<Operation: TunableOperation>(
    _ operation: Operation.Type, on device: DeviceInfo
  ) {
    for problem in Operation.exampleProblems {
      let candidates = Operation.candidates(for: problem, on: device)
      #expect(!candidates.isEmpty, "\(Operation.name) \(problem)")
      #expect(Set(candidates).count == candidates.count, "\(Operation.name) \(problem)")
      for (number, configuration) in candidates.enumerated() {
        let groups = Operation.plan(problem, configuration).launches.compactMap { launch in
          if case .kernel(let kernel) = launch { kernel.range.local.product } else { nil }
        }
        let largest = groups.max() ?? 1
        #expect(largest <= device.maxWorkGroup, "\(Operation.name) \(configuration)")
        guard number == 0 else { continue }
        let isRight = device.kind == .gpu ? largest >= min(64, device.maxWorkGroup) : largest == 1
        #expect(isRight, "\(Operation.name) \(configuration)")
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
