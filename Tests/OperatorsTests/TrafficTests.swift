import Autotuner
import DeviceRuntime
import Testing

@testable import Operators

/// What configurations compute and move, against loops that go as their kernels do.
struct TrafficTests {
  /// A CPU whose first caches and shared cache hold so many bytes.
  private static func device(firstCache: Int, sharedCache: Int) -> DeviceInfo {
    var info = DeviceInfo.planning
    (info.level1Cache, info.level3Cache) = (firstCache, 2 * sharedCache)
    return info
  }

  /// A CPU whose first caches hold nothing and whose shared cache holds everything.
  private static let plain = device(firstCache: 1, sharedCache: 32 << 20)

  /// Floats that loops load and store; a store loads its cache line first.
  private struct Floats {
    var loaded = 0
    var stored = 0
    var cacheBytes: Double { 4 * Double(loaded + 2 * stored) }
    var bytes: Double { 4 * Double(loaded + stored) }

    mutating func copy(_ count: Int) {
      loaded += count
      stored += count
    }
  }

  private static func traffic(
    _ shape: Conv2DShape, _ configuration: Conv2DConfiguration, backward: Bool = false,
    withResidual: Bool = false, on device: DeviceInfo = plain
  ) throws -> Traffic {
    try #require(
      backward
        ? Conv2DBackwardData.work(
          Conv2DBackwardData.Problem(shape: shape, withResidual: withResidual), configuration,
          on: device
        ).traffic
        : Conv2DForward.work(
          Conv2DForward.Problem(shape: shape, withResidual: withResidual), configuration,
          on: device
        ).traffic)
  }

  private static let direct = Conv2DShape(
    batch: 8, inHeight: 8, inWidth: 8, inChannels: 32, outChannels: 64, kernel: 3)
  private static let tile = Conv2DConfiguration.direct(
    .tile(itemM: 8, itemN: 2, vec: 16, tileK: 32))

  @Test func directForward() throws {
    let shape = Self.direct
    var floats = Floats()
    floats.copy(shape.filterCount)  // into panels
    var panelReadings = 0
    for _ in stride(from: 0, to: 64, by: 32) {
      for _ in stride(from: 0, to: shape.outPixels, by: 8) {
        panelReadings += 1
        for _ in 0..<9 {
          for _ in 0..<32 { floats.loaded += 8 + 32 }
        }
        floats.stored += 8 * 32
      }
    }
    let reading = Conv2DTraffic(shape: shape).filterReading(
      .tile(itemM: 8, itemN: 2, vec: 16, tileK: 32))
    #expect(reading.moved == Double(panelReadings * 4 * 9 * 32 * 32))
    let traffic = try Self.traffic(shape, Self.tile)
    #expect(traffic.cacheBytes == floats.cacheBytes)
    #expect(
      traffic.memoryBytes == Double(4 * (shape.inCount + shape.filterCount + shape.outCount)))
    // Without any cache memory sees every load and store.
    let uncached = try Self.traffic(
      shape, Self.tile, on: Self.device(firstCache: 1, sharedCache: 1))
    #expect(uncached.memoryBytes == floats.bytes)
  }

  @Test func cachesServeWhatTheyHold() throws {
    let shape = Self.direct
    // 64 KiB of x for each of two panels of 36 KiB, which lie in 72 KiB.
    let small = try Self.traffic(
      shape, Self.tile, on: Self.device(firstCache: 1, sharedCache: 60 << 10))
    #expect(
      small.memoryBytes
        == Double(4 * (2 * shape.inCount + 3 * shape.filterCount + shape.outCount)))
    let large = try Self.traffic(
      shape, Self.tile, on: Self.device(firstCache: 1 << 20, sharedCache: 32 << 20))
    #expect(
      large.cacheBytes
        == Double(4 * (shape.inCount + (1 + 2 + 1) * shape.filterCount + 2 * shape.outCount)))
  }

  @Test func directBackwardDataWithStride() throws {
    let shape = Conv2DShape(
      batch: 2, inHeight: 8, inWidth: 8, inChannels: 32, outChannels: 64, kernel: 3, stride: 2)
    var floats = Floats()
    floats.copy(shape.filterCount)
    for classRow in 0..<2 {
      for classColumn in 0..<2 {
        for _ in stride(from: 0, to: 32, by: 16) {
          for _ in stride(from: 0, to: shape.classPixels, by: 4) {
            for _ in stride(from: (classRow + 1) % 2, to: 3, by: 2) {
              for _ in stride(from: (classColumn + 1) % 2, to: 3, by: 2) {
                for _ in 0..<64 { floats.loaded += 4 + 16 }
              }
            }
            floats.loaded += 4 * 16  // the residual
            floats.stored += 4 * 16
          }
        }
      }
    }
    let configuration = Conv2DConfiguration.direct(.tile(itemM: 4, itemN: 1, vec: 16, tileK: 32))
    let traffic = try Self.traffic(shape, configuration, backward: true, withResidual: true)
    #expect(traffic.cacheBytes == floats.cacheBytes)
    #expect(
      traffic.memoryBytes
        == Double(4 * (2 * shape.inCount + shape.filterCount + shape.outCount)))
  }

  /// A quarter of the pixels is all that a 1x1 convolution with stride 2 reads.
  @Test func strideSkipsPixels() throws {
    let shape = Conv2DShape(
      batch: 1, inHeight: 8, inWidth: 8, inChannels: 16, outChannels: 16, kernel: 1, stride: 2)
    let configuration = Conv2DConfiguration.direct(.tile(itemM: 4, itemN: 1, vec: 16, tileK: 16))
    let traffic = try Self.traffic(shape, configuration)
    #expect(
      traffic.memoryBytes
        == Double(4 * (shape.inCount / 4 + shape.filterCount + shape.outCount)))
  }

  @Test func winogradPanels() throws {
    let shape = Conv2DShape(
      batch: 2, inHeight: 8, inWidth: 8, inChannels: 32, outChannels: 32, kernel: 3)
    let tiling = WinogradTiling(
      outTile: 4, images: 1, itemM: 1, itemN: 1,
      product: .panel(tileK: 16, pointRows: 3, rowBlock: 2))
    var floats = Floats()
    for _ in 0..<2 {  // chunks, of 4 tiles each
      floats.copy(36 * WinogradTiling.planePad)
      for _ in 0..<4 { floats.copy(36 * 32) }
      for _ in 0..<2 {  // panels
        for _ in 0..<2 {  // parts of the points
          for _ in 0..<2 {  // blocks of rows
            for _ in 0..<2 {  // rounds, of which the second loads the lines that it stores
              floats.loaded += 9 * 16 * 16
              floats.stored += 18 * 16 * 16
              for _ in 0..<18 {
                for _ in 0..<2 {
                  floats.loaded += 16 * 16 + 16
                  floats.stored += 16
                }
              }
            }
          }
        }
      }
      for _ in 0..<4 {
        floats.loaded += 36 * 32
        floats.stored += 16 * 32
      }
    }
    let traffic = try Self.traffic(shape, .winograd(tiling))
    #expect(traffic.cacheBytes == floats.cacheBytes)
    #expect(
      traffic.memoryBytes == Double(4 * (shape.inCount + shape.filterCount + shape.outCount)))
    // The shared cache holds neither a chunk's planes, which are written and read, nor the filter,
    // which each of two chunks, blocks and parts reads.
    let planes = 36 * (4 * (32 + 32) + WinogradTiling.planePad)
    let small = try Self.traffic(
      shape, .winograd(tiling),
      on: Self.device(firstCache: 1, sharedCache: 4 * shape.filterCount - 4))
    #expect(
      small.memoryBytes
        == traffic.memoryBytes + Double(4 * (2 * 2 * planes + 7 * shape.filterCount)))
  }

  @Test func winogradInOneKernel() throws {
    let shape = Conv2DShape(
      batch: 1, inHeight: 8, inWidth: 8, inChannels: 16, outChannels: 32, kernel: 3)
    let tiling = WinogradFusedTiling(outTile: 2, block: 4, itemM: 2, itemN: 1, vec: 16)
    var floats = Floats()
    floats.loaded += shape.filterCount
    floats.stored += 16 * 16 * 32
    for _ in stride(from: 0, to: 16, by: 4) {
      for _ in 0..<4 { floats.copy(16 * 16) }
      for _ in 0..<2 {  // panels
        for _ in 0..<16 {
          for _ in stride(from: 0, to: 4, by: 2) {
            floats.loaded += 16 * (16 + 2)
            floats.stored += 2 * 16
          }
        }
        for _ in 0..<4 {
          floats.loaded += 16 * 16
          floats.stored += 4 * 16
        }
      }
    }
    let traffic = try Self.traffic(shape, .winogradFused(tiling))
    #expect(traffic.cacheBytes == floats.cacheBytes)
    #expect(
      traffic.memoryBytes == Double(4 * (shape.inCount + shape.filterCount + shape.outCount)))
  }

  private static func filterTraffic(
    _ shape: Conv2DShape, _ configuration: Conv2DBackwardFilter.Configuration
  ) throws -> Traffic {
    try #require(
      Conv2DBackwardFilter.work(
        Conv2DBackwardFilter.Problem(shape: shape), configuration, on: plain
      ).traffic)
  }

  @Test(arguments: [1, 2])
  func directBackwardFilter(splitK: Int) throws {
    let shape = Conv2DShape(
      batch: 4, inHeight: 4, inWidth: 4, inChannels: 32, outChannels: 64, kernel: 3)
    var floats = Floats()
    floats.copy(shape.inCount)  // into strips of 16
    floats.copy(shape.outCount)  // into panels of 32
    for _ in 0..<splitK {
      for _ in 0..<9 {
        for _ in stride(from: 0, to: 32, by: 8) {
          for _ in stride(from: 0, to: 64, by: 32) {
            // A cache line of x holds 16 floats, 8 of which are used.
            for _ in 0..<shape.outPixels / splitK { floats.loaded += 16 + 32 }
            floats.stored += 8 * 32
          }
        }
      }
    }
    if splitK > 1 {
      floats.loaded += splitK * shape.filterCount
      floats.stored += shape.filterCount
    }
    let tiling = Conv2DTiling.tile(itemM: 8, itemN: 2, vec: 16, tileK: 1)
    let traffic = try Self.filterTraffic(shape, .direct(tiling, splitK: splitK))
    #expect(traffic.cacheBytes == floats.cacheBytes)
    #expect(
      traffic.memoryBytes == Double(4 * (shape.inCount + shape.filterCount + shape.outCount)))
  }

  @Test func winogradBackwardFilter() throws {
    let shape = Conv2DShape(
      batch: 2, inHeight: 8, inWidth: 8, inChannels: 32, outChannels: 32, kernel: 3)
    let tiling = WinogradTiling(outTile: 4, images: 1, itemM: 8, itemN: 1)
    var floats = Floats()
    for _ in 0..<2 {
      floats.copy(36 * WinogradTiling.planePad)
      for _ in 0..<4 {
        floats.copy(36 * 32)
        floats.loaded += 16 * 32
        floats.stored += 36 * 32
      }
      for _ in 0..<36 {
        for _ in stride(from: 0, to: 32, by: 8) {
          for _ in stride(from: 0, to: 32, by: 16) {
            for _ in 0..<4 { floats.loaded += 16 + 16 }
            floats.stored += 8 * 16
          }
        }
      }
    }
    floats.loaded += 36 * 32 * 32
    floats.stored += shape.filterCount
    let traffic = try Self.filterTraffic(shape, .winograd(tiling))
    #expect(traffic.cacheBytes == floats.cacheBytes)
    #expect(
      traffic.memoryBytes == Double(4 * (shape.inCount + shape.filterCount + shape.outCount)))
  }

  @Test func winogradMultipliesLess() {
    let problem = Conv2DForward.Problem(
      shape: Conv2DShape(
        batch: 2, inHeight: 8, inWidth: 8, inChannels: 16, outChannels: 16, kernel: 3))
    func flops(_ configuration: Conv2DConfiguration) -> Double {
      Conv2DForward.work(problem, configuration, on: Self.plain).flops
    }
    let direct = Conv2DForward.cost(problem).flops
    let tile = Conv2DTiling.tile(itemM: 8, itemN: 1, vec: 16, tileK: 16)
    #expect(flops(.direct(tile)) == direct)
    #expect(
      flops(.winograd(WinogradTiling(outTile: 4, images: 1, itemM: 1, itemN: 1))) == direct / 4)
    #expect(
      flops(.winogradFused(WinogradFusedTiling(outTile: 2, block: 4, itemM: 4, itemN: 1, vec: 16)))
        == direct / 2.25)
  }

  @Test func whatComesBeforeCounts() throws {
    let normalization = InputNormalization(inference: false, dropout: 0)
    let shape = Self.direct
    let (plain, normalized) = (
      Conv2DForward.Problem(shape: shape),
      Conv2DForward.Problem(shape: shape, normalization: normalization)
    )
    func bytes(_ problem: Conv2DForward.Problem, _ configuration: Conv2DConfiguration) throws
      -> Double
    {
      try #require(Conv2DForward.work(problem, configuration, on: Self.plain).traffic).memoryBytes
    }
    #expect(
      try bytes(normalized, Self.tile) >= bytes(plain, Self.tile) + Double(2 * 4 * shape.inCount))
    let fused = Conv2DConfiguration.winogradFused(
      WinogradFusedTiling(outTile: 4, block: 4, itemM: 4, itemN: 1, vec: 16))
    #expect(try bytes(normalized, fused) == bytes(plain, fused))
  }

  @Test func whatNobodyCountedIsNil() {
    let problem = Conv2DForward.Problem(shape: Self.direct)
    let local = Conv2DTiling.local(
      itemM: 4, itemN: 1, vec: 4, tileK: 8, workGroupX: 8, workGroupY: 8)
    #expect(Conv2DForward.work(problem, .direct(local), on: Self.plain).traffic == nil)
    let copy = Copy.Problem(count: 10)
    let configuration = RunConfiguration(vec: 16, itemN: 1, wgX: 1)
    #expect(
      Copy.work(copy, configuration, on: Self.plain).traffic
        == Traffic(cacheBytes: 80, memoryBytes: 80))
  }
}
