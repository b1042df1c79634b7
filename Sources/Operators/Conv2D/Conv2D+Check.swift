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

extension Conv2DForward {
  package static func checkProblem(for problem: Problem) -> Problem {
    Problem(shape: problem.shape.checked, withResidual: problem.withResidual)
  }
}

extension Conv2DBackwardData {
  package static func checkProblem(for problem: Problem) -> Problem {
    Problem(shape: problem.shape.checked, withResidual: problem.withResidual)
  }
}

extension Conv2DBackwardFilter {
  package static func checkProblem(for problem: Problem) -> Problem {
    Problem(shape: problem.shape.checked)
  }
}
