/// How often candidates are run to be timed, on a device and in a simulation alike.
enum Sampling {
  /// The median of several runs, or one run's time where that is far from `best`, the shortest time
  /// so far.
  static func outcome(
    best: Double?, run: () throws -> Double
  ) rethrows -> TuningRow.Outcome {
    let first = try run()
    if let best, first > 3 * best { return .slow(seconds: first) }
    var times = [first]
    var total = first
    while times.count < 9 && (times.count < 3 || total < 0.1) {
      times.append(try run())
      total += times[times.count - 1]
    }
    return .measured(seconds: median(times))
  }

  /// Medians of several candidates, without those of which a run gives nil.
  ///
  /// Rounds go over all of them, so that a load that comes and goes meets each alike.
  static func medians(of candidates: [Int], run: (Int) -> Double?) -> [Int: Double] {
    var times: [Int: [Double]] = [:]
    var failed: Set<Int> = []
    var total = 0.0
    for round in 0..<9 where round < 3 || total < 1 {
      for candidate in candidates where !failed.contains(candidate) {
        guard let seconds = run(candidate) else {
          failed.insert(candidate)
          continue
        }
        // The first round warms up.
        if round > 0 { times[candidate, default: []].append(seconds) }
        total += seconds
      }
    }
    return times.filter { !failed.contains($0.key) }.mapValues(median)
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
