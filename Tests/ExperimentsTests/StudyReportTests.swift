import Foundation
import Testing

@testable import Experiments
@testable import Training

struct StudyReportTests {
  /// Curves of runs with these test errors, an epoch each.
  private func curves(_ errors: [[Double]]) throws -> RunCurves {
    let folder = FileManager.default.temporaryDirectory.appending(path: "curves-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let logs = errors.indices.map { folder.appending(path: "\($0).jsonl").path }
    for (log, errors) in zip(logs, errors) {
      for (index, error) in errors.enumerated() {
        try RunLog(path: log).append(
          EpochRecord(
            epoch: index + 1, lr: 0.1, trainLoss: error / 10, trainError: error / 2, testLoss: 1,
            testError: error, trainTime: 1, testTime: 1, imagesPerSecond: 1, parameters: 1))
      }
    }
    return try RunCurves(logs: logs)
  }

  private func report(isFigure: Bool, _ rows: [(name: String, runs: RunCurves)]) -> StudyReport {
    StudyReport(
      result: StudyResult(
        experiment: "figure3", title: "curves", data: "svhn", device: "<device>", rows: []),
      isFigure: isFigure, curves: rows, drops: [2])
  }

  @Test func curvesAreTheMedianAndTheSpreadOfWhatRunsThereAre() throws {
    let series = try curves([[30, 20, 10], [20, 10], [40, 12]]).series("e", of: \.testError)
    #expect(series.points.map(\.x) == [1, 2, 3])
    #expect(series.points.map(\.y) == [30, 12, 10])
    #expect(series.spread == [20...40, 10...20, 10...10])
    #expect(try curves([[3, 2]]).series("e", of: \.testError).spread.isEmpty)
    #expect([3.0, 1, 2, 10].median == 2.5 && [Double]().median == nil)
    #expect([1.0, 3].deviation == 2.0.squareRoot() && [1.0].deviation == nil)
  }

  @Test func aFigureHasErrorsAndLossOfEachNetworkInItsColour() throws {
    let rows = try [
      ("thin", curves([[9, 5, 4]])), ("wide & <b>", curves([[8, 4, 3], [6, 5, 2]])),
    ]
    let chart = try #require(report(isFigure: true, rows).figure)
    #expect(chart.series.count == 6 && chart.marks == [2])
    #expect(chart.series.map(\.isOnRight) == [false, false, true, false, false, true])
    #expect(Set(chart.series.map(\.color)) == [0, 1])
    let svg = chart.standaloneSVG
    #expect(svg.hasPrefix("<?xml"))
    #expect(svg.components(separatedBy: "<polyline").count == 1 + 6 + 6)  // curves and legend
    #expect(svg.components(separatedBy: "<polygon").count == 1 + 3)
    #expect(svg.components(separatedBy: "class=\"mark\"").count == 2)
    #expect(svg.contains("wide &amp; &lt;b&gt;, test error") && !svg.contains("<b>"))
    #expect(!svg.contains("var(") && !svg.contains("nan"))
  }

  @Test func tablesHaveNoFigureAndNamesAreNoMarkup() throws {
    #expect(try report(isFigure: false, [("a", curves([[1]]))]).figure == nil)
    #expect(try report(isFigure: true, [("a", curves([[]]))]).figure == nil)
    let page = report(isFigure: true, []).html
    #expect(page.contains("&lt;device&gt;") && page.contains("<table>"))
  }
}
