/// Which task of a session is tuned when, and for how long.
package struct TuningSchedule {
  private let weights: [Double]
  private let seconds: Double

  /// A schedule for tasks of these weights, in their order, in `seconds` for all of them.
  package init(weights: [Double], seconds: Double) {
    self.weights = weights
    self.seconds = seconds
  }

  /// Calls `tune` with each task's index and seconds, until the time is over or `stop` says so.
  ///
  /// Each task gets a share of the time that is left, by its weight, as what a heavy one gains
  /// counts more, but enough to try some candidates; what it does not need is the others'.
  package func run(
    now: () -> Double, stop: () -> Bool = { false },
    tune: (_ task: Int, _ seconds: Double) throws -> Void
  ) rethrows {
    let deadline = now() + seconds
    for task in weights.indices {
      let left = deadline - now()
      if stop() || left <= 0 { return }
      let share = left * weights[task] / max(weights[task...].reduce(0, +), 1e-300)
      try tune(task, min(left, max(share, 3)))
    }
  }

  /// What is tried after the default: what is known, then what the session `found` for other
  /// tasks of the operation.
  ///
  /// What is fast for one layer is often so for the others, the latest being the most alike.
  package static func hints<Configuration: Equatable>(
    known: Configuration, found: [Configuration]
  ) -> [Configuration] {
    var hints = [known]
    for configuration in found.reversed() where !hints.contains(configuration) {
      hints.append(configuration)
      if hints.count == 4 { break }
    }
    return hints
  }
}
