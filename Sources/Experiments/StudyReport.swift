import Training

/// A study as a page: its table and, for one of the paper's figures, the curves.
package struct StudyReport {
  private let result: StudyResult
  private let isFigure: Bool
  /// The rows that have curves, in the table's order.
  private let curves: [(name: String, runs: RunCurves)]
  /// The epochs at whose beginning the learning rate drops.
  private let drops: [Int]

  package init(
    result: StudyResult, isFigure: Bool, curves: [(name: String, runs: RunCurves)], drops: [Int]
  ) {
    self.result = result
    self.isFigure = isFigure
    self.curves = curves.filter { !$0.runs.isEmpty }
    self.drops = drops
  }

  /// The paper's figure: each network's training and test error and, on the right axis, its
  /// training loss, in the network's colour; nil for a table, and before the first epoch.
  package var figure: Chart? {
    guard isFigure, !curves.isEmpty else { return nil }
    let runs = curves.map(\.runs.runs.count).max() ?? 1
    var chart = Chart(
      title: "\(result.experiment) on \(result.data)"
        + (runs > 1 ? ", median of \(runs) runs" : ""),
      xLabel: "epoch", left: .init("error, %"), right: .init("training loss"),
      series: curves.enumerated().flatMap { index, row in
        [
          row.runs.series("\(row.name), test error", of: \.testError, color: index),
          row.runs.series(
            "\(row.name), training error", of: \.trainError, style: .dashedLine, color: index),
          row.runs.series(
            "\(row.name), training loss", of: \.trainLoss, style: .dottedLine, isOnRight: true,
            color: index),
        ]
      })
    chart.marks = drops.map(Double.init)
    return chart
  }

  /// The page.
  package var html: String {
    Markup.page(
      title: result.heading,
      body: """
        <section class="charts">\(figure?.figure ?? "")</section>
        \(Markup.table(head: result.cells[0], rows: Array(result.cells.dropFirst())))
        <p>\(Markup.escaped(result.setting ?? ""))</p>
        """)
  }
}
