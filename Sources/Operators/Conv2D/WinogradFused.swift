import Autotuner
import DeviceRuntime

/// F(m x m, 3 x 3) in one kernel after the filter's transform, for CPUs.
///
/// A work-item takes a block of tiles from transform to transform in its core's cache. That pays
/// where the transformed filter is small enough to be read again for every block.
package struct WinogradFusedTiling: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Rows and columns of an output tile: 2 or 4.
  package var outTile: Int
  /// Tiles per work-item, a multiple of `itemM`.
  package var block: Int
  /// Tiles of a product in registers.
  package var itemM: Int
  /// Channel vectors of a product in registers.
  package var itemN: Int
  /// Floats in a vector; divides the channels.
  package var vec: Int

  package var description: String {
    "winogradfused\(outTile)_b\(block)_im\(itemM)_in\(itemN)_v\(vec)"
  }

  /// The tile of a product that a work-item keeps in registers.
  var registerTile: RegisterTile { RegisterTile(itemM: itemM, itemN: itemN, vec: vec) }

  var points: Int { (outTile + 2) * (outTile + 2) }

  /// Bytes of local memory: the block's transformed tiles and one panel of products.
  func localBytes(channelsSummed: Int) -> Int {
    4 * points
      * (block * channelsSummed + block * itemN * vec + 2 * WinogradTiling.planePad)
  }

  /// Forward, and backward data with the filter turned.
  func plan(
    _ shape: Conv2DShape, backward: Bool, from source: String, to target: String,
    withResidual: Bool, normalization: InputNormalization? = nil
  ) -> OperationPlan {
    let put = backward ? shape.inChannels : shape.outChannels
    let sum = backward ? shape.outChannels : shape.inChannels
    let tiles =
      shape.batch * ceilDivide(shape.inHeight, outTile) * ceilDivide(shape.inWidth, outTile)
    return OperationPlan(
      scratch: [OperationPlan.Scratch("u", count: points * sum * put)],
      launches: [
        WinogradLaunches.filter(
          shape, outTile: outTile, panel: itemN * vec, vec: vec, workGroup: 1, backward: backward),
        .kernel(
          OperationPlan.KernelLaunch(
            source: "conv2d/conv2d_winograd_fused.cl", entryPoint: "conv2d_winograd_fused",
            macros: [
              Macro("VEC", vec), Macro("TILE_OUT", outTile), Macro("BLOCK", block),
              Macro("ITEM_M", itemM), Macro("ITEM_N", itemN), Macro("BATCH", shape.batch),
              Macro("IN_H", shape.inHeight), Macro("IN_W", shape.inWidth), Macro("SUM_C", sum),
              Macro("PUT_C", put), Macro("WITH_RESIDUAL", withResidual),
            ] + InputNormalization.macros(normalization),
            range: NDRange(groups: NDRange.Size(ceilDivide(tiles, block))),
            arguments: [.buffer(source)] + (normalization?.arguments ?? []) + [.buffer("u")]
              + (withResidual ? [.buffer("residual")] : []) + [.buffer(target)])),
      ])
  }

  /// The tilings that fit a shape and a device.
  static func candidates(
    _ shape: Conv2DShape, channelsSummed: Int, channelsProduced: Int,
    on device: DeviceInfo
  ) -> [WinogradFusedTiling] {
    guard WinogradTiling.applies(to: shape), device.kind != .gpu else { return [] }
    let tiles = RegisterTile.candidates(
      rows: .partial(shape.outPixels), channels: channelsProduced,
      vecs: [16, 8, 4].filter(channelsSummed.isMultiple(of:)), on: device
    )
    return [4, 2].flatMap { outTile in
      tiles.prefix(outTile == 4 ? 3 : 1).flatMap { tile in
        [1, 2, 4].map {
          WinogradFusedTiling(
            outTile: outTile, block: $0 * tile.itemM, itemM: tile.itemM, itemN: tile.itemN,
            vec: tile.vec)
        }
      }
    }.filter {
      // A block must fit, with a part of the cache to spare for the filter.
      $0.localBytes(channelsSummed: channelsSummed)
        <= min(device.localMemory, device.cacheOfCore / 2)
    }
  }
}
