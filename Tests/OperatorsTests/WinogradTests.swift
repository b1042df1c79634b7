import Autotuner
import DeviceRuntime
import Foundation
import TestSupport
import Testing

@testable import Operators

/// Winograd's tilings for GPUs, on whatever device the test has.
@Suite(.serialized)
struct WinogradTests {
  private static let products: [WinogradTiling.Product] = [
    .local(tileK: 8, workGroupX: 4, workGroupY: 8), .blas,
  ]

  private func check<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration, on device: TestDevice
  ) {
    for kind in [ExampleKind.integers, .random] {
      do {
        try ConformanceCase(operation, problem, kind: kind, seed: 3)
          .check(configuration, on: device)
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  /// 3 chunks, maps that are no multiple of the tile, channels that fill no group.
  @Test(arguments: products, [2, 4])
  func chunksAndEdges(product: WinogradTiling.Product, outTile: Int) throws {
    let device = try TestDevice()
    for (inChannels, outChannels, vec) in [(36, 20, 4), (6, 10, 2), (3, 5, 1)] {
      let shape = Conv2DShape(
        batch: 3, inHeight: 7, inWidth: 9, inChannels: inChannels, outChannels: outChannels,
        kernel: 3)
      let tiling = WinogradTiling(
        outTile: outTile, images: 1, itemM: 3, itemN: 1, vec: vec, workGroup: 32, product: product)
      let plain = InputNormalization(inference: false, dropout: 0)
      let dropping = InputNormalization(inference: false, dropout: 0.25)
      check(
        Conv2DForward.self,
        Conv2DForward.Problem(shape: shape, withResidual: true, normalization: dropping),
        .winograd(tiling), on: device)
      check(
        Conv2DBackwardData.self, Conv2DBackwardData.Problem(shape: shape), .winograd(tiling),
        on: device)
      check(
        Conv2DBackwardFilter.self,
        Conv2DBackwardFilter.Problem(shape: shape, normalization: plain), .winograd(tiling),
        on: device)
    }
  }

  /// One of a GPU's candidates for each of 4 shapes, by a seed.
  @Test func candidatesOfAGPU() throws {
    let seed = TestSeed.value(for: "Winograd on GPUs")
    var generator = ExampleGenerator(seed: seed)
    let device = try TestDevice()
    var info = device.context.info
    info.kind = .gpu
    let shapes = Conv2DShape.examples.filter(WinogradTiling.applies)
    for shape in shapes.shuffled(using: &generator).prefix(4) {
      let candidates = WinogradTiling.gpuCandidates(shape, on: info)
      let tiling = try #require(candidates.randomElement(using: &generator), "\(shape)")
      let before = Comment(rawValue: "WIDECL_TEST_SEED=\(seed) \(shape) \(tiling)")
      #expect(shape.batch.isMultiple(of: tiling.images), before)
      check(
        Conv2DForward.self, Conv2DForward.Problem(shape: shape), .winograd(tiling), on: device)
      check(
        Conv2DBackwardData.self, Conv2DBackwardData.Problem(shape: shape, withResidual: true),
        .winograd(tiling), on: device)
      check(
        Conv2DBackwardFilter.self, Conv2DBackwardFilter.Problem(shape: shape), .winograd(tiling),
        on: device)
    }
  }

  @Test func gpuTriesBothProductsAfterItsExactDefault() {
    var gpu = DeviceInfo.planning
    gpu.kind = .gpu
    let shape = Conv2DShape(
      batch: 128, inHeight: 32, inWidth: 32, inChannels: 160, outChannels: 160, kernel: 3)
    let candidates = Conv2DForward.candidates(for: Conv2DForward.Problem(shape: shape), on: gpu)
    #expect(candidates.first.map(Conv2DForward.isExact) == true)
    let tilings = WinogradTiling.gpuCandidates(shape, on: gpu)
    #expect(Set(tilings.map(WinogradTiling.Product.isLibrary)) == [true, false])
    for tiling in tilings {
      #expect(candidates.contains(.winograd(tiling)))
      #expect(tiling.vec == 4 && [32, 64].contains(tiling.workGroup))
      #expect(shape.batch.isMultiple(of: tiling.images))
      #expect(4 * tiling.planesCount(shape, channels: 320) <= 64 << 20)
    }
    let cpu = Conv2DForward.candidates(
      for: Conv2DForward.Problem(shape: shape), on: DeviceInfo.planning)
    let shared = cpu.filter {
      if case .winograd(let tiling) = $0 { tiling.workGroup > 1 } else { false }
    }
    #expect(shared.count == 2 && Array(cpu.suffix(2)) == shared)
  }

  @Test func resultsWithoutAProductAreOfTheOnlyOneThereWas() throws {
    let old = #"{"images":4,"itemM":8,"itemN":2,"outTile":4,"vec":16,"workGroup":1}"#
    let tiling = try JSONDecoder().decode(WinogradTiling.self, from: Data(old.utf8))
    #expect(tiling == WinogradTiling(outTile: 4, images: 4, itemM: 8, itemN: 2))
    for product in Self.products + [.tile] {
      var other = tiling
      other.product = product
      let again = try JSONDecoder().decode(WinogradTiling.self, from: JSONEncoder().encode(other))
      #expect(again == other)
    }
  }
}

extension WinogradTiling.Product {
  fileprivate static func isLibrary(_ tiling: WinogradTiling) -> Bool { tiling.product == .blas }
}
