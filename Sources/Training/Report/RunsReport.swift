import Files
import Foundation

/// Several runs of one setting, with successive seeds, as one page.
package struct RunsReport {
  private let first: Report
  private let curves: RunCurves
  private let seeds: [UInt64]

  /// Reads the runs' folders; throws with status 65 or 66.
  package init(folders: [String], seeds: [UInt64]) throws {
    precondition(folders.count == seeds.count && !folders.isEmpty, "a seed for each run")
    first = try Report(folder: folders[0])
    curves = try RunCurves(logs: folders.map { $0 + "/log.jsonl" })
    self.seeds = seeds
  }

  /// The page: the runs' results, the median curves with their spread, the configuration.
  package var html: String {
    let errors = curves.runs.compactMap { $0.last?.testError }
    let rows = zip(seeds, curves.runs).map { seed, records in
      [
        "\(seed)", "\(records.last?.epoch ?? 0)", Markup.percent(records.last?.testError),
        Markup.percent(records.compactMap(\.testError).min()),
        Markup.duration(records.reduce(0) { $0 + $1.trainTime + $1.testTime }),
      ]
    }
    return Markup.page(
      title: "\(first.title), \(seeds.count) runs",
      body: """
        <p class="result">Median test error <b>\(Markup.percent(errors.median))</b> of \(errors.count) \
        runs, from \(Markup.percent(errors.min())) to \(Markup.percent(errors.max())), standard deviation \
        \(Markup.percent(errors.deviation)).</p>
        <section class="charts">\(charts)</section>
        <h2>Runs</h2>
        \(Markup.table(
          head: ["Seed", "Epochs", "Test error", "Lowest test error", "Time"], rows: rows))
        <h2>Configuration</h2>
        \(Markup.table(
          head: ["Option", "Value"],
          rows: first.configuration.filter { $0.key != "seed" }.map { [$0.key, $0.value] }))
        """)
  }

  private var charts: String {
    if curves.isEmpty { return "" }
    var error = Chart(
      title: "Error, median and spread", xLabel: "epoch", left: .init("error, %"),
      series: [
        curves.series("test error", of: \.testError),
        curves.series("training error", of: \.trainError, style: .dashedLine),
      ])
    error.marks = first.drops
    var loss = Chart(
      title: "Loss, median and spread", xLabel: "epoch", left: .init("loss", isLogarithmic: true),
      series: [
        curves.series("test loss", of: \.testLoss),
        curves.series("training loss", of: \.trainLoss, style: .dashedLine),
      ])
    loss.marks = first.drops
    var runs = Chart(
      title: "Test error of each run", xLabel: "epoch", left: .init("error, %"),
      series: zip(seeds, curves.runs).map { seed, records in
        .init("seed \(seed)", records.map { (Double($0.epoch), $0.testError) })
      })
    runs.marks = first.drops
    return error.figure + loss.figure + runs.figure
  }

  /// Writes the page whole or not at all; throws with status 73.
  package func write(to path: String) throws(TrainingError) {
    try AtomicFile.write([Array(html.utf8)], to: path)
  }
}
