import Autotuner
import DeviceRuntime

/// How forward and backward data tile a convolution.
package struct Conv2DTiling: Hashable, Codable, Sendable, CustomStringConvertible {
  package enum Shape: String, Codable, Sendable {
    /// One work-item a group with a register tile of vectors: CPUs.
    case tile
    /// Groups of work-items that share tiles in local memory: GPUs.
    case local
  }

  package var shape: Shape
  /// Pixels per work-item.
  ///
  /// `tile`: 1...24; `local`: 2...8.
  package var itemM: Int
  /// Channels per work-item, in vectors of `vec`.
  package var itemN: Int
  /// Floats in a vector; divides the channels produced.
  ///
  /// `local`: 1.
  package var vec: Int
  /// Channels summed per round.
  ///
  /// `tile`: divides the channels summed.
  package var tileK: Int
  /// Work-items of a group along channels and along pixels.
  ///
  /// `tile`: 1.
  package var workGroupX: Int
  package var workGroupY: Int

  package static func tile(itemM: Int, itemN: Int, vec: Int, tileK: Int) -> Conv2DTiling {
    Conv2DTiling(
      shape: .tile, itemM: itemM, itemN: itemN, vec: vec, tileK: tileK, workGroupX: 1,
      workGroupY: 1)
  }

  package static func local(
    itemM: Int, itemN: Int, tileK: Int, workGroupX: Int, workGroupY: Int
  ) -> Conv2DTiling {
    Conv2DTiling(
      shape: .local, itemM: itemM, itemN: itemN, vec: 1, tileK: tileK, workGroupX: workGroupX,
      workGroupY: workGroupY)
  }

  package var description: String {
    switch shape {
    case .tile: "tile_im\(itemM)_in\(itemN)_v\(vec)_tk\(tileK)"
    case .local: "local_im\(itemM)_in\(itemN)_tk\(tileK)_wg\(workGroupX)x\(workGroupY)"
    }
  }

  package var macros: [Macro] {
    let tile = [Macro("ITEM_M", itemM), Macro("ITEM_N", itemN), Macro("TILE_K", tileK)]
    switch shape {
    case .tile: return tile + [Macro("VEC", vec)]
    case .local: return tile + [Macro("WG_X", workGroupX), Macro("WG_Y", workGroupY)]
    }
  }

  /// Groups that cover `pixels` × `channels`, `classes` times.
  package func range(pixels: Int, channels: Int, classes: Int = 1) -> NDRange {
    switch shape {
    case .tile:
      NDRange(
        groups: NDRange.Size(ceilDivide(pixels, itemM), ceilDivide(channels, itemN * vec), classes))
    case .local:
      NDRange(
        groups: NDRange.Size(
          ceilDivide(channels, itemN * workGroupX), ceilDivide(pixels, itemM * workGroupY), classes),
        local: NDRange.Size(workGroupX, workGroupY))
    }
  }

  /// Bytes of local memory that a group takes.
  var localBytes: Int {
    guard shape == .local else { return 0 }
    let tileM = itemM * workGroupY
    return 4 * (tileK * (tileM + 1) + tileK * itemN * workGroupX + tileM)
  }

  /// The tilings that fit, the default first.
  static func candidates(
    channelsSummed: Int, channelsProduced: Int, on device: DeviceInfo
  ) -> [Conv2DTiling] {
    // The widest vector that divides the channels: a register tile has no masked channels.
    let vec = [16, 8, 4, 2].first { channelsProduced.isMultiple(of: $0) } ?? 1
    // Rounds divide the channels, for the same reason.
    let tileK = [32, 16, 8, 4].first { channelsSummed.isMultiple(of: $0) } ?? channelsSummed
    let tiles = [
      (14, 2), (6, 4), (8, 3), (12, 2), (8, 2), (14, 1), (24, 1), (4, 5), (8, 1), (1, 1),
    ]
    .filter { channelsProduced.isMultiple(of: $0.1 * vec) }
    .map { tile(itemM: $0.0, itemN: $0.1, vec: vec, tileK: tileK) }
    let locals = [
      local(itemM: 4, itemN: 4, tileK: 8, workGroupX: 16, workGroupY: 16),
      local(itemM: 8, itemN: 4, tileK: 16, workGroupX: 8, workGroupY: 8),
      local(itemM: 4, itemN: 2, tileK: 8, workGroupX: 8, workGroupY: 16),
      local(itemM: 2, itemN: 2, tileK: 4, workGroupX: 8, workGroupY: 8),
    ].filter {
      $0.workGroupX * $0.workGroupY <= device.maxWorkGroup  // the driver refuses larger groups
        && $0.localBytes <= device.localMemory  // the group's tiles must fit
    }
    return device.kind == .gpu ? locals + tiles : tiles + locals
  }
}
