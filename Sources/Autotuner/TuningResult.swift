/// One candidate that a tuner tried, or why it did not.
package struct TuningRow: Hashable, Codable, Sendable {
  package enum Outcome: Hashable, Codable, Sendable {
    /// Correct; the median of its runs.
    case measured(seconds: Double)
    /// More than three times slower than the best after its first run; not measured further.
    ///
    /// No time where that was seen on a small problem.
    case slow(seconds: Double?)
    /// Not built, failed in the driver, or wrong.
    case failed(reason: String)
    /// Not tried: it ended a process before, or was found wrong.
    case skipped(reason: String)
  }

  package var configuration: String
  package var outcome: Outcome
  /// Seconds of building and checking it; nil where that was not done.
  package var preparation: Double?

  package init(configuration: String, outcome: Outcome, preparation: Double? = nil) {
    self.configuration = configuration
    self.outcome = outcome
    self.preparation = preparation
  }

  /// Seconds, where it was measured or found slow.
  package var seconds: Double? {
    switch outcome {
    case .measured(let seconds): seconds
    case .slow(let seconds): seconds
    case .failed, .skipped: nil
    }
  }
}

/// What tuning one operation for one problem came to.
package struct TuningResult: Hashable, Codable, Sendable {
  package struct Timing: Hashable, Codable, Sendable {
    package var configuration: String
    package var seconds: Double
  }

  package var operation: String
  package var problem: String
  /// The fastest; nil where no candidate was right.
  package var best: Timing?
  /// The default, measured in alternation with the best; nil where it was not right.
  package var standard: Timing?
  package var gflops: Double
  package var gigabytesPerSecond: Double
  /// Candidates there are.
  package var candidates: Int
  /// Whether the search reached its own end.
  package var isComplete: Bool
  /// Every candidate that was tried, in the order of the tries.
  package var rows: [TuningRow]
  /// What goes into the database: the fastest, and the fastest exact one where that is another.
  package var entries: [TuningEntry]

  /// The default's time over the best one's.
  package var speedup: Double? {
    guard let best, let standard, best.seconds > 0 else { return nil }
    return standard.seconds / best.seconds
  }

  /// The result as a space for the simulation.
  package var space: RecordedSpace {
    RecordedSpace(
      operation: operation, problem: problem,
      rows: rows.map {
        RecordedSpace.Row(
          configuration: $0.configuration, seconds: $0.seconds, preparation: $0.preparation)
      })
  }
}
