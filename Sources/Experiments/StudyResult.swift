import Foundation
import Training

/// A study's rows as far as they are run, with the paper's numbers beside them.
package struct StudyResult: Encodable, Sendable {
  /// The table's name.
  package var experiment: String
  /// What the paper compares there.
  package var title: String
  /// The data set's name.
  package var data: String
  /// The device's name.
  package var device: String
  /// In the paper's order.
  package var rows: [Row]

  package init(experiment: String, title: String, data: String, device: String, rows: [Row]) {
    self.experiment = experiment
    self.title = title
    self.data = data
    self.device = device
    self.rows = rows
  }

  /// A row with its runs.
  package struct Row: Encodable, Sendable {
    /// The network in the paper's spelling.
    package var network: String
    /// Trainable numbers on the study's data; nil where the network is not built.
    package var parameters: Int?
    /// The paper's test error in per cent, and on which data; nil where it has none.
    package var paperError: Double?
    package var paperData: String
    /// The median of `errors`; nil where no run is finished.
    package var error: Double?
    /// The test error of each run's last epoch.
    package var errors: [Double]
    /// "done", "partial", "pending", "not built yet", "for other images", "does not fit", "diverged".
    package var status: String
    /// How the setting differs from the paper's.
    package var differences: [String]

    package init(
      network: String, parameters: Int?, paperError: Double?, paperData: String, errors: [Double],
      status: String, differences: [String]
    ) {
      self.network = network
      self.parameters = parameters
      self.paperError = paperError
      self.paperData = paperData
      self.error = errors.median
      self.errors = errors
      self.status = status
      self.differences = differences
    }
  }

  /// How all rows differ from the paper's.
  package var commonDifferences: [String] {
    guard let first = rows.first else { return [] }
    return first.differences.filter { difference in
      rows.allSatisfy { $0.differences.contains(difference) }
    }
  }

  /// The table with its head, as texts.
  var cells: [[String]] {
    let common = Set(commonDifferences)
    return [["network", "parameters", "paper, %", "ours, %", "runs", "differs by"]]
      + rows.map { row in
        [
          row.network, row.parameters.map(String.init) ?? "-",
          row.paperError.map { String(format: "%.2f", $0) + " \(row.paperData)" } ?? "-",
          row.error.map { String(format: "%.2f", $0) } ?? row.status,
          "\(row.errors.count)",
          row.differences.filter { !common.contains($0) }.joined(separator: "; "),
        ]
      }
  }

  var heading: String { "\(experiment): \(title); test error on \(data), \(device)" }

  /// What all rows differ by, as a sentence.
  var setting: String? {
    let common = commonDifferences
    return common.isEmpty
      ? nil : "Every row differs from the paper by: \(common.joined(separator: "; "))."
  }

  /// Columns for a terminal.
  package var text: String {
    let cells = cells
    let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    let lines = cells.map { row in
      var line = ""
      for (cell, width) in zip(row, widths) {
        line += cell + String(repeating: " ", count: width - cell.count + 2)
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
    return ([heading] + lines + [setting].compactMap(\.self)).joined(separator: "\n") + "\n"
  }

  /// A table in Markdown under its heading.
  package var markdown: String {
    var lines = cells.map { "| " + $0.joined(separator: " | ") + " |" }
    lines.insert("|" + String(repeating: "---|", count: cells[0].count), at: 1)
    return ([heading, ""] + lines + (setting.map { ["", $0] } ?? [])).joined(separator: "\n") + "\n"
  }

  /// A line a row, with a heading, as RFC 4180 has it.
  package var csv: String {
    cells.map { row in
      row.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",")
    }.joined(separator: "\r\n") + "\r\n"
  }

  /// One JSON document with sorted keys.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    guard let bytes = try? encoder.encode(self) else { preconditionFailure("numbers are finite") }
    return String(decoding: bytes, as: UTF8.self)
  }
}
