import Autotuner
import DeviceRuntime

extension Conv2DShape {
  /// The same channels, kernel and stride on so small a map that the reference is quick.
  var checked: Conv2DShape {
    // A second of one core, about.
    let products = 40_000_000
    let outPixels = max(16, products / max(1, kernel * kernel * inChannels * outChannels))
    var small = self
    small.batch = min(batch, outPixels >= 128 ? 2 : 1)
    // An odd edge leaves partial tiles.
    let edge = max(4, Int(Double(outPixels / small.batch).squareRoot()))
    small.inHeight = min(inHeight, (edge * stride) | 1)
    small.inWidth = min(inWidth, (edge * stride) | 1)
    return small
  }
}

extension WinogradTiling {
  /// The same tiling with chunks that `shape` has.
  fileprivate func fitted(to shape: Conv2DShape) -> WinogradTiling {
    var tiling = self
    if let chunking = WinogradTiling.chunkings(shape).first(where: { $0.outTile == outTile }) {
      tiling.images = chunking.images
    }
    return tiling
  }
}

extension Conv2DConfiguration {
  fileprivate func fitted(to shape: Conv2DShape) -> Conv2DConfiguration {
    if case .winograd(let tiling) = self { .winograd(tiling.fitted(to: shape)) } else { self }
  }
}

/// A pass of a convolution.
package protocol Conv2DProblem {
  var shape: Conv2DShape { get set }
}

extension Conv2DForward.Problem: Conv2DProblem {}
extension Conv2DBackwardData.Problem: Conv2DProblem {}
extension Conv2DBackwardFilter.Problem: Conv2DProblem {}

extension TunableOperation where Problem: Conv2DProblem {
  package static func checkProblem(for problem: Problem) -> Problem {
    var small = problem
    small.shape = problem.shape.checked
    return small
  }
}

extension Conv2DTiling {
  /// Whether a register tile's sizes divide what they must; `itemM` divides `rows` where given.
  fileprivate func fits(summed: Int, produced: Int, rows: Int = 0) -> Bool {
    shape == .tile && itemM > 0 && tileK > 0 && summed.isMultiple(of: tileK)
      && produced.isMultiple(of: itemN * vec) && rows.isMultiple(of: itemM)
  }
}

extension Conv2DConfiguration {
  /// Whether a CPU's configuration keeps what its kernels ask for; nil for one of other kernels.
  fileprivate func fits(
    _ shape: Conv2DShape, summed: Int, produced: Int, on device: DeviceInfo
  ) -> Bool? {
    switch self {
    case .direct(let tiling) where tiling.shape == .tile:
      return tiling.fits(summed: summed, produced: produced)
    case .winograd(let tiling):
      guard case .panel(let tileK, let pointRows, let rowBlock) = tiling.product else { return nil }
      let panel = tiling.itemN * tiling.vec
      let localBytes =
        4 * pointRows * (tiling.outTile + 2) * (tileK * panel + WinogradTiling.planePad)
      return WinogradTiling.applies(to: shape) && summed.isMultiple(of: tileK)
        && tileK.isMultiple(of: tiling.vec) && produced.isMultiple(of: panel)
        && (tiling.outTile + 2).isMultiple(of: pointRows) && rowBlock.isMultiple(of: tiling.itemM)
        && shape.batch.isMultiple(of: tiling.images) && localBytes <= device.localMemory
    case .winogradFused(let tiling):
      return WinogradTiling.applies(to: shape) && summed.isMultiple(of: tiling.vec)
        && produced.isMultiple(of: tiling.itemN * tiling.vec)
        && tiling.block.isMultiple(of: tiling.itemM)
        && tiling.localBytes(channelsSummed: summed) <= device.localMemory
    case .direct, .im2col: return nil
    }
  }
}

extension Conv2DForward {
  package static func accepts(
    _ configuration: Configuration, for problem: Problem, on device: DeviceInfo
  ) -> Bool {
    configuration.fits(
      problem.shape, summed: problem.shape.inChannels, produced: problem.shape.outChannels,
      on: device) ?? candidates(for: problem, on: device).contains(configuration)
  }

  package static func checkConfiguration(
    _ configuration: Configuration, for problem: Problem
  ) -> Configuration { configuration.fitted(to: problem.shape) }
}

extension Conv2DBackwardData {
  package static func accepts(
    _ configuration: Configuration, for problem: Problem, on device: DeviceInfo
  ) -> Bool {
    configuration.fits(
      problem.shape, summed: problem.shape.outChannels, produced: problem.shape.inChannels,
      on: device) ?? candidates(for: problem, on: device).contains(configuration)
  }

  package static func checkConfiguration(
    _ configuration: Configuration, for problem: Problem
  ) -> Configuration { configuration.fitted(to: problem.shape) }
}

extension Conv2DBackwardFilter {
  package static func accepts(
    _ configuration: Configuration, for problem: Problem, on device: DeviceInfo
  ) -> Bool {
    let shape = problem.shape
    switch configuration {
    case .direct(let tiling, let splitK) where tiling.shape == .tile:
      return tiling.fits(
        summed: 1, produced: shape.outChannels, rows: shape.inChannels)
        && 1...shape.batch ~= splitK
    case .winograd(let tiling) where tiling.product == .tile:
      return WinogradTiling.applies(to: shape) && shape.inChannels.isMultiple(of: tiling.vec)
        && shape.inChannels.isMultiple(of: tiling.itemM)
        && shape.outChannels.isMultiple(of: tiling.itemN * tiling.vec)
        && shape.batch.isMultiple(of: tiling.images)
    case .winogradFused(let tiling): return tiling.fits(shape, on: device)
    case .direct, .winograd, .im2col:
      return candidates(for: problem, on: device).contains(configuration)
    }
  }

  package static func checkConfiguration(
    _ configuration: Configuration, for problem: Problem
  ) -> Configuration {
    switch configuration {
    case .direct(let tiling, let splitK):
      .direct(tiling, splitK: min(splitK, problem.shape.batch))
    case .winograd(let tiling): .winograd(tiling.fitted(to: problem.shape))
    case .winogradFused, .im2col: configuration
    }
  }
}
