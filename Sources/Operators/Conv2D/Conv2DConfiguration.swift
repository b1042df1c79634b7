import Autotuner
import DeviceRuntime

/// The algorithm and the tiling of forward or backward data.
package enum Conv2DConfiguration: Hashable, Codable, Sendable, CustomStringConvertible {
  case direct(Conv2DTiling)
  case winograd(WinogradTiling)
  case winogradFused(WinogradFusedTiling)
  case im2col(Im2colTiling)

  package var description: String {
    switch self {
    case .direct(let tiling): tiling.description
    case .winograd(let tiling): tiling.description
    case .winogradFused(let tiling): tiling.description
    case .im2col(let tiling): tiling.description
    }
  }

  /// Whether it rounds no more than a plain sum does.
  var isExact: Bool {
    switch self {
    case .direct, .im2col: true
    case .winograd, .winogradFused: false
    }
  }

  /// The configurations that fit, the default first.
  static func candidates(
    _ shape: Conv2DShape, channelsSummed: Int, channelsProduced: Int,
    on device: DeviceInfo
  ) -> [Conv2DConfiguration] {
    let direct =
      Conv2DTiling.candidates(
        channelsSummed: channelsSummed, channelsProduced: channelsProduced, on: device
      ).map(Conv2DConfiguration.direct)
      + Im2colTiling.candidates(shape, on: device).map(
        Conv2DConfiguration.im2col)
    guard WinogradTiling.applies(to: shape) else { return direct }
    let tiles = [(8, 2), (14, 2), (6, 4), (8, 3), (10, 2), (14, 1), (8, 1)]
    let winograd = WinogradTiling.chunkings(shape).flatMap { outTile, images in
      tiles.map { itemM, itemN in
        WinogradTiling(outTile: outTile, images: images, itemM: itemM, itemN: itemN)
      }
    }.filter {
      channelsSummed.isMultiple(of: $0.vec)  // transforms take whole vectors
        && channelsProduced.isMultiple(of: $0.itemN * $0.vec)  // products take whole panels
        && $0.itemM <= max(8, $0.tiles(shape))  // a product of fewer rows wastes the tile
    }.map(Conv2DConfiguration.winograd)
    let fused = WinogradFusedTiling.candidates(
      shape, channelsSummed: channelsSummed, channelsProduced: channelsProduced,
      on: device
    ).map(Conv2DConfiguration.winogradFused)
    let shared = WinogradTiling.sharedCandidates(shape, on: device)
      .map(Conv2DConfiguration.winograd)
    return device.kind == .gpu
      ? direct + shared + winograd + fused : direct + winograd + fused + shared
  }
}
