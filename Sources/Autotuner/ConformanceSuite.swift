import DeviceRuntime

/// Checks every candidate of operations against their references on their example problems.
package struct ConformanceSuite {
  /// What a run came to.
  package struct Report: Sendable {
    /// Candidates times problems times kinds of inputs.
    package var checks = 0
    package var failures: [String] = []

    package init() {}
  }

  private let queue: Queue
  private let algorithms: Algorithms
  private let sample: Int?
  private let seed: UInt64

  /// A suite of all candidates, or of each problem's default and `sample` others by `seed`.
  package init(queue: Queue, algorithms: Algorithms = .all, sample: Int? = nil, seed: UInt64 = 1) {
    self.queue = queue
    self.algorithms = algorithms
    self.sample = sample
    self.seed = seed
  }

  /// Adds the checks of an operation to `report`; false when `stop` ended it early.
  ///
  /// A failure, of the driver too, is a line of the report.
  package func run<Operation: TunableOperation>(
    _ operation: Operation.Type, into report: inout Report, stop: () -> Bool = { false }
  ) -> Bool {
    var generator = ExampleGenerator(seed: seed)
    for (number, problem) in Operation.exampleProblems.enumerated() {
      var candidates = algorithms.candidates(
        of: operation, for: problem, on: queue.context.info)
      if candidates.isEmpty { report.failures.append("\(Operation.name) [\(problem)]: none") }
      if let sample {
        candidates =
          Array(candidates.prefix(1))
          + candidates.dropFirst().shuffled(using: &generator).prefix(sample)
      }
      for kind in [ExampleKind.integers, .random] {
        let example = ConformanceCase(operation, problem, kind: kind, seed: UInt64(number + 1))
        for configuration in candidates {
          if stop() { return false }
          report.checks += 1
          do { try example.check(configuration, on: queue) } catch {
            let line = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " | ")
            report.failures.append(
              error is ConformanceFailure
                ? line : "\(Operation.name) [\(problem)] \(configuration): \(line)")
          }
        }
      }
      queue.context.releasePrograms()
    }
    return true
  }
}
