import Autotuner

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

extension Conv2DForward {
  package static func checkConfiguration(
    _ configuration: Configuration, for problem: Problem
  ) -> Configuration { configuration.fitted(to: problem.shape) }
}

extension Conv2DBackwardData {
  package static func checkConfiguration(
    _ configuration: Configuration, for problem: Problem
  ) -> Configuration { configuration.fitted(to: problem.shape) }
}

extension Conv2DBackwardFilter {
  package static func checkConfiguration(
    _ configuration: Configuration, for problem: Problem
  ) -> Configuration {
    switch configuration {
    case .direct(let tiling, let splitK):
      .direct(tiling, splitK: min(splitK, problem.shape.batch))
    case .winograd(let tiling): .winograd(tiling.fitted(to: problem.shape))
    case .im2col: configuration
    }
  }
}
