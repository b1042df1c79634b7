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
    checkConformance(operation, problem, configuration, seed: 5, on: device)
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
    #expect(RegisterTile(itemM: 4, itemN: 1, vec: 16).strip(of: 160) == 16)
    #expect(RegisterTile(itemM: 5, itemN: 1, vec: 16).strip(of: 160) == 80)
    #expect(RegisterTile(itemM: 10, itemN: 1, vec: 8).strip(of: 160) == 40)
    // None does: all channels lie together as they are.
    #expect(RegisterTile(itemM: 5, itemN: 1, vec: 16).strip(of: 48) == 48)
    #expect(RegisterTile(itemM: 3, itemN: 1, vec: 16).strip(of: 3) == 3)
  }
}
