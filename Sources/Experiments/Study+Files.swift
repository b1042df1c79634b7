import Files
import Training

extension Study {
  /// Writes result.txt, .md, .csv and .json, curves.csv, report.html and, of a figure, its picture
  /// into the folder.
  package func write() throws(TrainingError) {
    let result = try result()
    let report = StudyReport(
      result: result, isFigure: table.name.hasPrefix("figure"), curves: try runCurves(),
      drops: settings.recipe.drops)
    for (name, text) in [
      ("result.txt", result.text), ("result.md", result.markdown), ("result.csv", result.csv),
      ("result.json", result.json + "\n"), ("curves.csv", try curves()),
      ("report.html", report.html),
    ] + (report.figure.map { [("\(table.name).svg", $0.standaloneSVG)] } ?? []) {
      try AtomicFile.write([Array(text.utf8)], to: "\(folder)/\(name)")
    }
  }

  /// The curves of each row that is built.
  private func runCurves() throws(TrainingError) -> [(name: String, runs: RunCurves)] {
    var result: [(name: String, runs: RunCurves)] = []
    for row in rows where plan.model(of: row) != nil {
      let logs = (0..<runs).map { plan.folder(of: row, run: $0) + "/log.jsonl" }
      result.append((row.title, try RunCurves(logs: logs)))
    }
    return result
  }

  /// The first run's training loss and test error, a line an epoch.
  private func curves() throws(TrainingError) -> String {
    var text = "network,epoch,train_loss,test_error\r\n"
    for row in rows where plan.model(of: row) != nil {
      for record in try plan.records(of: row, run: 0) {
        let numbers = [record.trainLoss, record.testError].map { $0.map { "\($0)" } ?? "" }
        text += "\"\(row.title)\",\(record.epoch),\(numbers.joined(separator: ","))\r\n"
      }
    }
    return text
  }
}
