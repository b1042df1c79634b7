import Autotuner
import DeviceRuntime

/// Backward filter by F(m x m, 3 x 3) in one kernel, for CPUs.
///
/// A work-item keeps its share of the transformed filter's gradient in its core's cache while it goes
/// through a part of the tiles. That pays where that gradient is small.
package struct WinogradFusedFilterTiling: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Rows and columns of an output tile: 2 or 4.
  package var outTile: Int
  /// Parts that the tiles are split in.
  package var parts: Int
  /// Tiles that are transformed at a time.
  package var block: Int
  /// Output channels per work-item: a multiple of the register tile's columns that divides them.
  package var outBlock: Int
  /// Input channels of a product in registers; divides them.
  package var itemM: Int
  /// Output channel vectors of a product in registers.
  package var itemN: Int
  /// Floats in a vector; divides the channels.
  package var vec: Int

  package var description: String {
    "winogradfused\(outTile)_sk\(parts)_b\(block)_ob\(outBlock)_im\(itemM)_in\(itemN)_v\(vec)"
  }

  /// The tile of a product that a work-item keeps in registers.
  var registerTile: RegisterTile { RegisterTile(itemM: itemM, itemN: itemN, vec: vec) }

  var points: Int { (outTile + 2) * (outTile + 2) }

  func tiles(_ shape: Conv2DShape) -> Int {
    shape.batch * ceilDivide(shape.inHeight, outTile) * ceilDivide(shape.inWidth, outTile)
  }

  /// Bytes of local memory: a block's transformed tiles of both tensors, and the sums.
  func localBytes(_ shape: Conv2DShape) -> Int {
    let (inChannels, pad) = (shape.inChannels, WinogradTiling.planePad)
    return 4 * points
      * (block * (inChannels + outBlock) + inChannels * outBlock + 3 * pad)
  }

  /// Whether the kernel's promises hold for a shape.
  func fits(_ shape: Conv2DShape, on device: DeviceInfo) -> Bool {
    WinogradTiling.applies(to: shape) && parts > 0 && block > 0
      && shape.inChannels.isMultiple(of: vec) && shape.inChannels.isMultiple(of: itemM)
      && shape.outChannels.isMultiple(of: outBlock)
      && outBlock.isMultiple(of: registerTile.columns) && localBytes(shape) <= device.localMemory
  }

  /// The tilings that fit a shape and a device.
  static func candidates(
    _ shape: Conv2DShape, on device: DeviceInfo
  ) -> [WinogradFusedFilterTiling] {
    guard WinogradTiling.applies(to: shape), device.kind != .gpu else { return [] }
    let tiles = RegisterTile.candidates(
      rows: .whole(shape.inChannels), channels: shape.outChannels,
      vecs: [16, 8, 4].filter(shape.inChannels.isMultiple(of:)), on: device)
    return [4, 2].flatMap { outTile in
      tiles.prefix(outTile == 4 ? 3 : 1).flatMap { tile in
        [32, 16, 8].compactMap { block in
          largest(shape, outTile: outTile, block: block, tile, on: device)
        }
      }
    }
  }

  /// The tiling with the most output channels a work-item that leaves a part of the cache to what is
  /// read; nil where not even a register tile's fit.
  private static func largest(
    _ shape: Conv2DShape, outTile: Int, block: Int, _ tile: RegisterTile, on device: DeviceInfo
  ) -> WinogradFusedFilterTiling? {
    stride(from: shape.outChannels, to: 0, by: -tile.columns).lazy
      .filter { shape.outChannels.isMultiple(of: $0) }
      .map { outBlock -> WinogradFusedFilterTiling in
        var tiling = WinogradFusedFilterTiling(
          outTile: outTile, parts: 1, block: block, outBlock: outBlock, itemM: tile.itemM,
          itemN: tile.itemN, vec: tile.vec)
        // Parts cost memory and are summed: no more of them than keep the cores busy.
        let groups = shape.outChannels / outBlock
        let affordable = max(1, (32 << 20) / (4 * shape.filterCount))
        tiling.parts = min(
          ceilDivide(4 * device.computeUnits, groups), affordable,
          ceilDivide(tiling.tiles(shape), block))
        return tiling
      }.first { $0.localBytes(shape) <= min(device.localMemory, device.cacheOfCore / 2) }
  }

  /// The kernel, and the sum of its parts.
  func plan(_ shape: Conv2DShape, normalization: InputNormalization?) -> OperationPlan {
    let kernel = OperationPlan.KernelLaunch(
      source: "conv2d/conv2d_winograd_fused_filter.cl",
      entryPoint: "conv2d_winograd_fused_filter",
      macros: [
        Macro("VEC", vec), Macro("TILE_OUT", outTile), Macro("SPLIT_K", parts),
        Macro("BLOCK", block), Macro("OUT_BLOCK", outBlock), Macro("ITEM_M", itemM),
        Macro("ITEM_N", itemN), Macro("BATCH", shape.batch), Macro("IN_H", shape.inHeight),
        Macro("IN_W", shape.inWidth), Macro("IN_C", shape.inChannels),
        Macro("OUT_C", shape.outChannels),
      ] + InputNormalization.macros(normalization),
      range: NDRange(groups: NDRange.Size(shape.outChannels / outBlock, parts)),
      arguments: [.buffer("x")] + (normalization?.arguments ?? []) + [.buffer("dy")])
    return FilterParts(shape, count: parts).plan(kernel, unroll: 4096, workGroup: 1)
  }
}

/// A filter's gradient that is summed in parts, and then of them.
struct FilterParts {
  private let shape: Conv2DShape
  private let count: Int

  init(_ shape: Conv2DShape, count: Int) {
    self.shape = shape
    self.count = count
  }

  /// The launch with the parts, or dw where there is one, as its last argument, and the sum where a
  /// work-item takes `unroll` elements.
  func plan(
    _ launch: OperationPlan.KernelLaunch, unroll: Int, workGroup: Int
  ) -> OperationPlan {
    var launch = launch
    launch.arguments.append(.buffer(count > 1 ? "parts" : "dw"))
    guard count > 1 else { return OperationPlan(launches: [.kernel(launch)]) }
    let sum = OperationPlan.KernelLaunch(
      source: "conv2d/conv2d_sum_parts.cl", entryPoint: "conv2d_sum_parts",
      macros: [
        Macro("SPLIT_K", count), Macro("COUNT", shape.filterCount), Macro("UNROLL", unroll),
        Macro("WG_X", workGroup),
      ],
      range: NDRange(
        groups: NDRange.Size(ceilDivide(shape.filterCount, unroll * workGroup)),
        local: NDRange.Size(workGroup)),
      arguments: [.buffer("parts"), .buffer("dw")])
    return OperationPlan(
      scratch: [OperationPlan.Scratch("parts", count: count * shape.filterCount)],
      launches: [.kernel(launch), .kernel(sum)])
  }
}
