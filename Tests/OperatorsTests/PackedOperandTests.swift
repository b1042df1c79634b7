import Autotuner
import DeviceRuntime
import TestSupport
import Testing

@testable import Operators

/// Direct convolutions whose operands are packed: several panels of the filter, several strips of
/// the tensors, tiles that share a strip, rows that fill no tile.
@Suite(.serialized)
struct PackedOperandTests {
  private static let shapes = [(3, 2), (1, 1)].map { kernel, stride in
    Conv2DShape(
      batch: 3, inHeight: 7, inWidth: 5, inChannels: 48, outChannels: 96, kernel: kernel,
      stride: stride)
  }
  private static let tiles = [(5, 1, 16), (4, 3, 8), (6, 1, 4)]

  private func check<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration, on device: TestDevice
  ) {
    for kind in [ExampleKind.integers, .random] {
      do {
        try ConformanceCase(operation, problem, kind: kind, seed: 5)
          .check(configuration, on: device)
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  @Test(arguments: shapes, tiles)
  func forwardAndBackwardData(shape: Conv2DShape, tile: (Int, Int, Int)) throws {
    let device = try TestDevice()
    let tiling = Conv2DTiling.tile(itemM: tile.0, itemN: tile.1, vec: tile.2, tileK: 16)
    check(
      Conv2DForward.self, Conv2DForward.Problem(shape: shape, withResidual: true),
      .direct(tiling), on: device)
    check(
      Conv2DBackwardData.self, Conv2DBackwardData.Problem(shape: shape), .direct(tiling),
      on: device)
  }

  @Test(arguments: shapes, tiles)
  func backwardFilter(shape: Conv2DShape, tile: (Int, Int, Int)) throws {
    let device = try TestDevice()
    // Rows of a tile divide the input channels there.
    let itemM = tile.0 == 5 ? 16 : tile.0
    let tiling = Conv2DTiling.tile(itemM: itemM, itemN: tile.1, vec: tile.2, tileK: 1)
    for splitK in [1, 2] {
      check(
        Conv2DBackwardFilter.self, Conv2DBackwardFilter.Problem(shape: shape),
        .direct(tiling, splitK: splitK), on: device)
    }
  }

  @Test("a strip holds whole vectors and whole tiles, and no more of them than it must")
  func strips() {
    #expect(RegisterTile.strip(of: 160, itemM: 4, vec: 16) == 16)
    #expect(RegisterTile.strip(of: 160, itemM: 5, vec: 16) == 80)
    #expect(RegisterTile.strip(of: 160, itemM: 10, vec: 8) == 40)
    // None does: all channels lie together as they are.
    #expect(RegisterTile.strip(of: 48, itemM: 5, vec: 16) == 48)
    #expect(RegisterTile.strip(of: 3, itemM: 3, vec: 16) == 3)
  }
}
