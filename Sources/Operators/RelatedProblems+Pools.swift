import Autotuner

// For the tuner, as in RelatedProblems.swift: pools, maxout and biases.

extension GlobalAveragePoolForward {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension GlobalAveragePoolBackward {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension GlobalAveragePoolProblem {
  fileprivate func distance(to other: GlobalAveragePoolProblem) -> Double? {
    sizeDistance([
      (batch, other.batch, 0.5), (pixels, other.pixels, 0.5), (channels, other.channels, 2),
    ])
  }
}

extension AveragePoolForward {
  package static func checkProblem(for problem: Problem) -> Problem { problem.checked }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension AveragePoolBackward {
  package static func checkProblem(for problem: Problem) -> Problem { problem.checked }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension PoolShape {
  fileprivate var checked: PoolShape {
    var small = self
    small.batch = min(batch, max(1, checkedElements / (inHeight * inWidth * channels)))
    return small
  }

  fileprivate func distance(to other: PoolShape) -> Double? {
    guard window == other.window else { return nil }
    return sizeDistance([
      (batch, other.batch, 0.5), (inHeight, other.inHeight, 0.5), (inWidth, other.inWidth, 0.5),
      (channels, other.channels, 2),
    ])
  }
}

extension MaxPoolForward {
  package static func checkProblem(for problem: Problem) -> Problem { problem.checked }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension MaxPoolBackward {
  package static func checkProblem(for problem: Problem) -> Problem { problem.checked }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension MaxPoolProblem {
  fileprivate var checked: MaxPoolProblem {
    MaxPoolProblem(shape: shape.checked, withWinners: withWinners)
  }

  fileprivate func distance(to other: MaxPoolProblem) -> Double? {
    shape.distance(to: other.shape).map { $0 + (withWinners == other.withWinners ? 0 : 0.1) }
  }
}

extension MaxoutForward {
  package static func checkProblem(for problem: Problem) -> Problem { problem.checked }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension MaxoutBackward {
  package static func checkProblem(for problem: Problem) -> Problem { problem.checked }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension MaxoutProblem {
  fileprivate var checked: MaxoutProblem {
    var small = self
    small.rows = checkedRows(rows, channels: pieces * channels)
    return small
  }

  fileprivate func distance(to other: MaxoutProblem) -> Double? {
    guard pieces == other.pieces else { return nil }
    return sizeDistance(
      [(rows, other.rows, 0.5), (channels, other.channels, 2)],
      penalty: withWinners == other.withWinners ? 0 : 0.1)
  }
}

extension BiasActivationForward {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension BiasActivationBackward {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

extension BiasActivationProblem {
  fileprivate func distance(to other: BiasActivationProblem) -> Double? {
    sizeDistance(
      [(rows, other.rows, 0.5), (channels, other.channels, 2)],
      penalty: activation == other.activation ? 0 : 1)
  }
}
