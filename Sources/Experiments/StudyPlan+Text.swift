import Foundation
import Training

extension StudyPlan {
  /// The plan for people, without times.
  package var text: String {
    get throws(TrainingError) {
      let recipe = settings.recipe
      let drops =
        recipe.drops.isEmpty
        ? ""
        : "; the learning rate drops at \(recipe.drops.map(String.init).joined(separator: ", "))"
      let facts = [
        ("epochs", "\(recipe.epochs) a run\(drops)"),
        ("runs", "\(runs) a row, whose median counts"),
        ("images", "\(images.train) to train, \(images.test) to test, batch \(recipe.batchSize)"),
        (
          "recipe",
          "learning rate \(recipe.learningRate), \(recipe.nesterov ? "Nesterov " : "")momentum "
            + "\(recipe.momentum), weight decay \(recipe.weightDecay), "
            + recipe.inputNormalization.rawValue
        ),
        ("folder", folder),
      ]
      var rows = [["network", "parameters", "paper, %", "epochs left"]]
      for row in try remainders() {
        rows.append([
          row.network, row.parameters.map(String.init) ?? "-",
          row.paperError.map { String(format: "%.2f", $0) + " \(row.paperData)" } ?? "-",
          row.epochs > 0 ? "\(row.epochs)" : row.status,
        ])
      }
      return
        (["\(table.name): \(table.title); on \(settings.data)"]
        + StudyPlan.columns(facts.map { [$0.0, $0.1] }) + StudyPlan.columns(rows))
        .joined(separator: "\n")
    }
  }

  /// Lines whose cells stand below each other.
  private static func columns(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        column == row.count - 1
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count + 2)
      }.joined()
    }
  }
}
