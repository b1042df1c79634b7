import Autotuner
import Foundation

/// For the tuner: which problem stands for a larger one in a check, and which is near another.

/// Σ weight·|log2(a / b)| over pairs of sizes; nil where a size is none.
func sizeDistance(_ pairs: [(a: Int, b: Int, weight: Double)], penalty: Double = 0) -> Double? {
  guard pairs.allSatisfy({ $0.a > 0 && $0.b > 0 }) else { return nil }
  return pairs.reduce(penalty) { $0 + $1.weight * abs(log2(Double($1.a) / Double($1.b))) }
}

/// Elements that a reference takes a few milliseconds for.
let checkedElements = 1 << 17

/// At most so many rows that `rows` × `channels` is quick to check, but several tiles of them.
func checkedRows(_ rows: Int, channels: Int) -> Int {
  // An odd number leaves a partial tile at the end.
  min(rows, max(3, checkedElements / max(channels, 1)) | 1)
}

/// A problem that tells itself which one stands for it in a check, and how near another is.
protocol RelatedProblem {
  /// The problem itself where its reference is quick.
  var checked: Self { get }
  func distance(to other: Self) -> Double?
}

extension RelatedProblem {
  var checked: Self { self }
}

/// An operation whose problems tell that.
protocol RelatedOperation: TunableOperation where Problem: RelatedProblem {}

extension RelatedOperation {
  package static func checkProblem(for problem: Problem) -> Problem { problem.checked }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    problem.distance(to: other)
  }
}

/// A problem of so many elements, all treated alike.
protocol CountedElements: RelatedProblem {
  var count: Int { get set }
}

extension CountedElements {
  var checked: Self {
    var small = self
    small.count = min(count, checkedElements + 1)
    return small
  }

  func distance(to other: Self) -> Double? { sizeDistance([(count, other.count, 1)]) }
}

extension ElementCount: CountedElements {}
extension Dropout.Problem: CountedElements {}
extension Fill.Problem: CountedElements {}
extension SGD.Problem: CountedElements {}

extension Add: RelatedOperation {}
extension AddReLUForward: RelatedOperation {}
extension AddReLUBackward: RelatedOperation {}
extension Dropout: RelatedOperation {}
extension Fill: RelatedOperation {}
extension GateForward: RelatedOperation {}
extension GateBackward: RelatedOperation {}
extension GradientSum: RelatedOperation {}
extension SGD: RelatedOperation {}

extension Augment {
  package static func checkProblem(for problem: Problem) -> Problem {
    var small = problem
    let pixels = problem.height * problem.width * problem.channels
    small.batch = min(problem.batch, max(2, checkedElements / max(pixels, 1)))
    small.total = min(problem.total, small.batch + 3)
    return small
  }

  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    sizeDistance(
      [(problem.batch, other.batch, 1), (problem.height, other.height, 1)],
      penalty: (problem.channels == other.channels ? 0 : 1)
        + (problem.floats == other.floats ? 0 : 1))
  }
}

/// A problem of `rows` x `channels`.
package protocol RowsOfChannels {
  var rows: Int { get set }
  var channels: Int { get }
}

extension BatchNormStatistics.Problem: RowsOfChannels {}
extension BatchNormAddReLUForward.Problem: RowsOfChannels {}
extension BatchNormReLUForward.Problem: RowsOfChannels {}
extension BatchNormReLUBackward.Problem: RowsOfChannels {}

extension TunableOperation where Problem: RowsOfChannels {
  package static func checkProblem(for problem: Problem) -> Problem {
    var small = problem
    small.rows = checkedRows(problem.rows, channels: problem.channels)
    return small
  }
}

extension BatchNormStatistics {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    sizeDistance([(problem.rows, other.rows, 0.5), (problem.channels, other.channels, 2)])
  }
}

extension BatchNormAddReLUForward {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    sizeDistance(
      [(problem.rows, other.rows, 0.5), (problem.channels, other.channels, 2)],
      penalty: problem.inference == other.inference ? 0 : 1)
  }
}

extension BatchNormReLUForward {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    sizeDistance(
      [(problem.rows, other.rows, 0.5), (problem.channels, other.channels, 2)],
      penalty: ((problem.dropout > 0) == (other.dropout > 0) ? 0 : 2)
        + (problem.inference == other.inference ? 0 : 1))
  }
}

extension BatchNormReLUBackward {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    sizeDistance(
      [(problem.rows, other.rows, 0.5), (problem.channels, other.channels, 2)],
      penalty: ((problem.dropout > 0) == (other.dropout > 0) ? 0 : 2)
        + (problem.withAddend == other.withAddend ? 0 : 1))
  }
}

extension LinearForward: RelatedOperation {}
extension LinearBackward: RelatedOperation {}

extension LinearProblem: RelatedProblem {
  func distance(to other: LinearProblem) -> Double? {
    sizeDistance([
      (batch, other.batch, 0.5), (inputs, other.inputs, 1), (outputs, other.outputs, 1),
    ])
  }
}

extension PaddedShortcutForward: RelatedOperation {}
extension PaddedShortcutBackward: RelatedOperation {}

extension PaddedShortcutProblem: RelatedProblem {
  func distance(to other: PaddedShortcutProblem) -> Double? {
    guard stride == other.stride else { return nil }
    return sizeDistance([
      (batch, other.batch, 0.5), (inHeight, other.inHeight, 0.5), (inWidth, other.inWidth, 0.5),
      (inChannels, other.inChannels, 1), (outChannels, other.outChannels, 1),
    ])
  }
}

extension SoftmaxCrossEntropy {
  package static func distance(_ problem: Problem, _ other: Problem) -> Double? {
    sizeDistance(
      [(problem.batch, other.batch, 1), (problem.classes, other.classes, 1)],
      penalty: problem.needsGradient == other.needsGradient ? 0 : 1)
  }
}
