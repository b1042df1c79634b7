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
  /// `local`: 2...8.
  package var itemM: Int
  /// Channels per work-item, in vectors of `vec`.
  package var itemN: Int
  /// Floats in a vector; divides the channels produced.
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
    itemM: Int, itemN: Int, vec: Int, tileK: Int, workGroupX: Int, workGroupY: Int
  ) -> Conv2DTiling {
    Conv2DTiling(
      shape: .local, itemM: itemM, itemN: itemN, vec: vec, tileK: tileK, workGroupX: workGroupX,
      workGroupY: workGroupY)
  }

  package var description: String {
    switch shape {
    case .tile: "tile_im\(itemM)_in\(itemN)_v\(vec)_tk\(tileK)"
    case .local: "local_im\(itemM)_in\(itemN)_v\(vec)_tk\(tileK)_wg\(workGroupX)x\(workGroupY)"
    }
  }

  /// The tile of sums that a work-item of `tile` keeps in registers.
  var registerTile: RegisterTile { RegisterTile(itemM: itemM, itemN: itemN, vec: vec) }

  package var macros: [Macro] {
    let tile = [
      Macro("ITEM_M", itemM), Macro("ITEM_N", itemN), Macro("TILE_K", tileK), Macro("VEC", vec),
    ]
    switch shape {
    case .tile: return tile
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
          ceilDivide(channels, itemN * vec * workGroupX), ceilDivide(pixels, itemM * workGroupY),
          classes),
        local: NDRange.Size(workGroupX, workGroupY))
    }
  }

  /// Forward, and backward data, whose pixels go class by class.
  func plan(
    _ shape: Conv2DShape, backward: Bool, from source: String, to target: String,
    withResidual: Bool
  ) -> OperationPlan {
    let filter = PackedOperand.filter(shape, self, backward: backward)
    let stem = "conv2d_\(backward ? "backward_data" : "forward")_\(self.shape.rawValue)"
    let range =
      backward
      ? self.range(
        pixels: shape.classPixels, channels: shape.inChannels,
        classes: shape.stride * shape.stride)
      : self.range(pixels: shape.outPixels, channels: shape.outChannels)
    return OperationPlan(
      scratch: filter.scratch,
      launches: filter.launches + [
        .kernel(
          OperationPlan.KernelLaunch(
            source: "conv2d/\(stem).cl", entryPoint: stem,
            macros: shape.macros + macros + [Macro("WITH_RESIDUAL", withResidual)], range: range,
            arguments: [.buffer(source), .buffer(filter.name)]
              + (withResidual ? [.buffer("residual")] : []) + [.buffer(target)]))
      ])
  }

  /// Bytes of local memory that a group takes.
  var localBytes: Int {
    guard shape == .local else { return 0 }
    let tileM = itemM * workGroupY
    return 4 * (tileK * (tileM + 1) + tileK * itemN * vec * workGroupX + tileM)
  }

  /// The tilings that fit, the default first.
  static func candidates(
    pixels: Int, channelsSummed: Int, channelsProduced: Int, on device: DeviceInfo
  ) -> [Conv2DTiling] {
    // Rounds divide the channels: a register tile has no masked ones.
    let tileK = [32, 16, 8, 4].first { channelsSummed.isMultiple(of: $0) } ?? channelsSummed
    let tiles = RegisterTile.candidates(
      rows: .partial(pixels), channels: channelsProduced, on: device
    ).map { tile(itemM: $0.itemM, itemN: $0.itemN, vec: $0.vec, tileK: tileK) }
    let locals = locals(
      [
        (4, 4, 8, 16, 16), (8, 8, 8, 8, 8), (8, 4, 16, 8, 8), (4, 2, 8, 8, 16), (2, 2, 4, 8, 8),
      ], channelsProduced: channelsProduced, on: device)
    return device.kind == .gpu ? locals + tiles : tiles + locals
  }

  /// Tilings through local memory that fit, from (pixels, channels, channels summed) of a work-item
  /// and the work-items of a group along channels and pixels.
  static func locals(
    _ sizes: [(itemM: Int, channels: Int, tileK: Int, x: Int, y: Int)], channelsProduced: Int,
    on device: DeviceInfo
  ) -> [Conv2DTiling] {
    sizes.map {
      // GPUs load up to four floats at once from local memory.
      let vec = [min(4, $0.channels), 2].first { channelsProduced.isMultiple(of: $0) } ?? 1
      return local(
        itemM: $0.itemM, itemN: $0.channels / vec, vec: vec, tileK: $0.tileK, workGroupX: $0.x,
        workGroupY: $0.y)
    }.filter {
      $0.workGroupX * $0.workGroupY <= device.maxWorkGroup  // the driver refuses larger groups
        && $0.localBytes <= device.localMemory  // the group's tiles must fit
    }
  }
}
