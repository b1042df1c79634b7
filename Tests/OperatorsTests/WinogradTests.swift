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
    checkConformance(operation, problem, configuration, seed: 3, on: device)
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

  /// Products that make their part of the filter: blocks of rows with a rest, several rounds over
  /// the channels summed, parts of a tile's points.
  @Test(arguments: [2, 4], [4, 8, 16])
  func panels(outTile: Int, vec: Int) throws {
    let device = try TestDevice()
    let shape = Conv2DShape(
      batch: 2, inHeight: 5, inWidth: 9, inChannels: 32, outChannels: 96, kernel: 3)
    let rows = WinogradTiling(outTile: outTile, images: 1, itemM: 1, itemN: 1).tiles(shape)
    let residual = InputNormalization(inference: false, dropout: 0)
    for (itemM, itemN, tileK, pointRows, rowBlock) in [
      (5, 1, 16, 1, rows + 5 - rows % 5), (3, 2, 32, outTile + 2, 6),
      (4, 4, 16, (outTile + 2) / 2, 8),
    ] where shape.inChannels.isMultiple(of: itemN * vec) {
      let tiling = WinogradTiling(
        outTile: outTile, images: 1, itemM: itemM, itemN: itemN, vec: vec,
        product: .panel(tileK: tileK, pointRows: pointRows, rowBlock: rowBlock))
      check(
        Conv2DForward.self,
        Conv2DForward.Problem(shape: shape, withResidual: true, normalization: residual),
        .winograd(tiling), on: device)
      check(
        Conv2DBackwardData.self, Conv2DBackwardData.Problem(shape: shape), .winograd(tiling),
        on: device)
    }
  }

  @Test(
    "a CPU's candidates keep the kernels' promises",
    arguments: [(8, 16, 512 << 10), (16, 32, 1 << 20), (4, 24, 256 << 10), (0, 0, 0)])
  func cpuCandidates(width: Int, registers: Int, cache: Int) {
    var cpu = DeviceInfo.planning
    (cpu.nativeFloatWidth, cpu.vectorRegisters, cpu.level2Cache) = (width, registers, cache)
    cpu.localMemory = cpu.cacheOfCore
    for (channels, size) in [(16, 32), (64, 32), (160, 32), (320, 16), (640, 8)] {
      let shape = Conv2DShape(
        batch: 32, inHeight: size, inWidth: size, inChannels: channels, outChannels: channels,
        kernel: 3)
      let candidates = Conv2DForward.candidates(
        for: Conv2DForward.Problem(shape: shape), on: cpu)
      #expect(Set(candidates).count == candidates.count)
      for case .winograd(let tiling) in candidates {
        guard case .panel(let tileK, let pointRows, let rowBlock) = tiling.product else { continue }
        #expect(channels.isMultiple(of: tileK) && tileK.isMultiple(of: tiling.vec), "\(tiling)")
        #expect((tiling.outTile + 2).isMultiple(of: pointRows), "\(tiling)")
        #expect(rowBlock.isMultiple(of: tiling.itemM), "\(tiling)")
        #expect(channels.isMultiple(of: tiling.itemN * tiling.vec), "\(tiling)")
        #expect(shape.batch.isMultiple(of: tiling.images), "\(tiling)")
        #expect(
          4 * pointRows * (tiling.outTile + 2) * tileK * tiling.itemN * tiling.vec
            <= cpu.cacheOfCore / 2, "\(tiling)")
      }
      for case .winogradFused(let tiling) in candidates {
        #expect(tiling.localBytes(channelsSummed: channels) <= cpu.cacheOfCore / 2, "\(tiling)")
      }
    }
  }
}

extension WinogradTiling.Product {
  fileprivate static func isLibrary(_ tiling: WinogradTiling) -> Bool { tiling.product == .blas }
}
