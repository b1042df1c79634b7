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

  /// What forward or backward data by this computes and moves on a device.
  func work(
    _ shape: Conv2DShape, backward: Bool, withResidual: Bool, on device: DeviceInfo
  ) -> Work {
    let counts = Conv2DTraffic(shape: shape, backward: backward, withResidual: withResidual)
    let (flops, operands): (Double, [OperandTraffic]?) =
      switch self {
      case .direct(let tiling) where tiling.shape == .tile:
        (shape.cost.flops, counts.direct(tiling))
      case .direct, .im2col: (shape.cost.flops, nil)
      case .winograd(let tiling):
        (WinogradTiling.flops(shape, outTile: tiling.outTile), counts.winograd(tiling))
      case .winogradFused(let tiling):
        (WinogradTiling.flops(shape, outTile: tiling.outTile), counts.fused(tiling))
      }
    return Work(flops: flops, traffic: operands?.total(on: device))
  }

  /// The configurations that fit, the default first: on a CPU the best by `Conv2DEstimate`.
  static func candidates(
    _ shape: Conv2DShape, backward: Bool, on device: DeviceInfo
  ) -> [Conv2DConfiguration] {
    let (channelsSummed, channelsProduced) =
      backward ? (shape.outChannels, shape.inChannels) : (shape.inChannels, shape.outChannels)
    let direct =
      Conv2DTiling.candidates(
        pixels: backward ? shape.classPixels : shape.outPixels, channelsSummed: channelsSummed,
        channelsProduced: channelsProduced,
        on: device
      ).map(Conv2DConfiguration.direct)
    let im2col = Im2colTiling.candidates(shape, on: device).map(Conv2DConfiguration.im2col)
    let winograd = WinogradTiling.panels(
      shape, channelsSummed: channelsSummed, channelsProduced: channelsProduced, on: device
    ).map(Conv2DConfiguration.winograd)
    let fused = WinogradFusedTiling.candidates(
      shape, channelsSummed: channelsSummed, channelsProduced: channelsProduced,
      on: device
    ).map(Conv2DConfiguration.winogradFused)
    let shared = WinogradTiling.sharedCandidates(shape, on: device)
      .map(Conv2DConfiguration.winograd)
    guard device.kind != .gpu else { return direct + im2col + shared + winograd + fused }
    let estimate = Conv2DEstimate(shape: shape, backward: backward, device: device)
    return estimate.ranked(direct + winograd + fused, by: estimate.cycles) + im2col + shared
  }
}
