/// The logs of several runs of one setting as curves: the median over the runs, and their spread.
package struct RunCurves: Sendable {
  /// Of each run, from epoch 1.
  package let runs: [[EpochRecord]]

  /// Reads the logs; a run that has none counts as empty.
  package init(logs: [String]) throws(TrainingError) {
    var runs: [[EpochRecord]] = []
    for log in logs { runs.append(try RunLog(path: log).records()) }
    self.runs = runs
  }

  /// Whether no run has finished an epoch.
  package var isEmpty: Bool { runs.allSatisfy(\.isEmpty) }

  /// One value's curve over the epochs that any run has; runs without the value are left out.
  package func series(
    _ name: String, of value: (EpochRecord) -> Double?, style: Chart.Series.Style = .line,
    isOnRight: Bool = false, color: Int? = nil
  ) -> Chart.Series {
    var values: [Int: [Double]] = [:]
    for record in runs.joined() {
      values[record.epoch, default: []] += value(record).map { $0.isFinite ? [$0] : [] } ?? []
    }
    let epochs = values.sorted { $0.key < $1.key }
    return Chart.Series(
      name, epochs.map { (Double($0.key), $0.value.median) }, style: style, isOnRight: isOnRight,
      color: color,
      spread: runs.count < 2
        ? []
        : epochs.map { epoch in
          epoch.value.min().flatMap { low in epoch.value.max().map { low...$0 } }
        })
  }
}

extension [Double] {
  /// The middle value, or the mean of the two in the middle; nil of nothing.
  package var median: Double? {
    if isEmpty { return nil }
    let sorted = sorted()
    return count.isMultiple(of: 2)
      ? (sorted[count / 2 - 1] + sorted[count / 2]) / 2 : sorted[count / 2]
  }

  /// The standard deviation as a sample's; nil of fewer than two values.
  package var deviation: Double? {
    if count < 2 { return nil }
    let mean = reduce(0, +) / Double(count)
    let squares = reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(count - 1)).squareRoot()
  }
}
