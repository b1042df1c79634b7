import DeviceRuntime

/// Decides whether candidates compute what they should, before they are timed.
///
/// Each is run on a small problem against the double-precision reference, and at full size against
/// the outputs of the first candidate that was found right.
package final class CandidateCheck<Operation: TunableOperation> {
  private let queue: Queue
  private let problem: Operation.Problem
  private var small: Operation.Problem
  /// Whether the reference of `small` is quick enough.
  private var isAffordable = true
  /// Made when it is first needed.
  private var example: ConformanceCase<Operation>?
  private var expected: [(name: String, values: [Float])]?

  package init(_ operation: Operation.Type, _ problem: Operation.Problem, queue: Queue) {
    self.queue = queue
    self.problem = problem
    small = Operation.checkProblem(for: problem)
  }

  /// Compares with the reference on the small problem; throws `ConformanceFailure` or `CLError`.
  ///
  /// Returns the seconds of a run there; nil where the configuration has no counterpart.
  package func checkAgainstReference(_ configuration: Operation.Configuration) throws -> Double? {
    let counterpart = Operation.checkConfiguration(configuration, for: small)
    guard isAffordable, Operation.accepts(counterpart, for: small, on: queue.context.info) else {
      return nil
    }
    let example = example ?? ConformanceCase(Operation.self, small, kind: .random, seed: 1)
    self.example = example
    return try example.checkedSeconds(of: counterpart, on: queue)
  }

  /// Checks at full size from now on, however long the reference takes.
  ///
  /// Without a right default a candidate that is wrong only at full size could become what the
  /// others are compared with.
  package func useFullSize() {
    small = problem
    // Minutes of the reference would look like a hanging candidate.
    isAffordable = Operation.cost(problem).flops < 2e10
    example = nil
  }

  /// Whether there are outputs at full size to compare with.
  package var hasExpectedOutputs: Bool { expected != nil }

  /// Takes the outputs of a candidate that is right as what the others must give.
  package func expect(_ outputs: [(name: String, values: [Float])]) { expected = outputs }

  /// Compares outputs at full size; throws `ConformanceFailure` for a large difference.
  ///
  /// Orders of summation differ, so the bound is a share of the tensor's root mean square, and one
  /// value in a million may be anywhere: a ReLU's mask turns with the last bit of its argument.
  package func compare(
    _ outputs: [(name: String, values: [Float])], of configuration: Operation.Configuration
  ) throws {
    guard let expected else { preconditionFailure("nothing to compare with") }
    let share = Operation.isExact(configuration) ? 1e-3 : 1e-2
    for (actual, expected) in zip(outputs, expected) {
      if let wrong = firstDifference(actual.values, expected.values, share: share) {
        throw ConformanceFailure(
          description: "\(actual.name)[\(wrong)] is \(actual.values[wrong]), the default gives "
            + "\(expected.values[wrong])")
      }
    }
  }

  private func firstDifference(_ actual: [Float], _ expected: [Float], share: Double) -> Int? {
    precondition(actual.count == expected.count)
    var squares = 0.0
    for value in expected where value.isFinite { squares += Double(value) * Double(value) }
    let bound = Float(share * (squares / Double(max(1, expected.count))).squareRoot())
    var allowed = expected.count / 1_000_000
    for index in expected.indices {
      let (a, b) = (actual[index], expected[index])
      if abs(a - b) <= bound || a == b || a.isNaN && b.isNaN { continue }
      if allowed == 0 || !a.isFinite { return index }
      allowed -= 1
    }
    return nil
  }
}
