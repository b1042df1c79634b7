import Autotuner

// For the tuner, as in RelatedProblems.swift: pools, maxout and biases.

extension GlobalAveragePoolForward: RelatedOperation {}
extension GlobalAveragePoolBackward: RelatedOperation {}

extension GlobalAveragePoolProblem: RelatedProblem {
  func distance(to other: GlobalAveragePoolProblem) -> Double? {
    sizeDistance([
      (batch, other.batch, 0.5), (pixels, other.pixels, 0.5), (channels, other.channels, 2),
    ])
  }
}

extension AveragePoolForward: RelatedOperation {}
extension AveragePoolBackward: RelatedOperation {}

extension PoolShape: RelatedProblem {
  var checked: PoolShape {
    var small = self
    small.batch = min(batch, max(1, checkedElements / (inHeight * inWidth * channels)))
    return small
  }

  func distance(to other: PoolShape) -> Double? {
    guard window == other.window else { return nil }
    return sizeDistance([
      (batch, other.batch, 0.5), (inHeight, other.inHeight, 0.5), (inWidth, other.inWidth, 0.5),
      (channels, other.channels, 2),
    ])
  }
}

extension MaxPoolForward: RelatedOperation {}
extension MaxPoolBackward: RelatedOperation {}

extension MaxPoolProblem: RelatedProblem {
  var checked: MaxPoolProblem {
    MaxPoolProblem(shape: shape.checked, withWinners: withWinners)
  }

  func distance(to other: MaxPoolProblem) -> Double? {
    shape.distance(to: other.shape).map { $0 + (withWinners == other.withWinners ? 0 : 0.1) }
  }
}

extension MaxoutForward: RelatedOperation {}
extension MaxoutBackward: RelatedOperation {}

extension MaxoutProblem: RelatedProblem {
  var checked: MaxoutProblem {
    var small = self
    small.rows = checkedRows(rows, channels: pieces * channels)
    return small
  }

  func distance(to other: MaxoutProblem) -> Double? {
    guard pieces == other.pieces else { return nil }
    return sizeDistance(
      [(rows, other.rows, 0.5), (channels, other.channels, 2)],
      penalty: withWinners == other.withWinners ? 0 : 0.1)
  }
}

extension BiasActivationForward: RelatedOperation {}
extension BiasActivationBackward: RelatedOperation {}

extension BiasActivationProblem: RelatedProblem {
  var checked: BiasActivationProblem {
    var small = self
    small.rows = checkedRows(rows, channels: channels)
    return small
  }

  func distance(to other: BiasActivationProblem) -> Double? {
    sizeDistance(
      [(rows, other.rows, 0.5), (channels, other.channels, 2)],
      penalty: activation == other.activation ? 0 : 1)
  }
}
