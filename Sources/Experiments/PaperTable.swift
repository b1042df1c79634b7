import Graph
import Models

/// One of the paper's tables or figures: the networks it compares and the numbers it prints.
package struct PaperTable: Sendable {
  /// The name that the command takes, such as "table4".
  package let name: String
  /// What the paper compares there.
  package let title: String
  /// The input's preparation in the paper, as a recipe spells it.
  package let normalization: String
  /// How many runs the paper takes the median of.
  package let runs: Int
  /// The rows, in the paper's order.
  package let rows: [Row]

  package init(
    _ name: String, _ title: String, normalization: String = "meanStd", runs: Int = 5,
    rows: [Row]
  ) {
    self.name = name
    self.title = title
    self.normalization = normalization
    self.runs = runs
    self.rows = rows
  }

  /// A network, its setting and its test error in the paper.
  package struct Row: Hashable, Sendable {
    /// The network in the paper's spelling.
    package let title: String
    /// The name for `ModelName`; nil for what is no classifier by name, such as a detector.
    package let model: String?
    /// How the depth gives the blocks of a group.
    package let depthRule: DepthRule
    /// Whether blocks have dropout, with the paper's probability for the data set.
    package let dropout: Bool
    /// Test error in per cent by the data set's name; of ImageNet the top-1 error.
    package let errors: [String: Double]
    /// Trainable numbers for ten classes of CIFAR, or for a thousand of ImageNet.
    package let parameters: Int?
    /// Whether the network is of ImageNet's form.
    package let isImageNet: Bool

    package init(
      _ title: String, _ model: String?, _ errors: [String: Double],
      depthRule: DepthRule = .sixNPlusFour, dropout: Bool = false, parameters: Int? = nil,
      isImageNet: Bool = false
    ) {
      self.title = title
      self.model = model
      self.errors = errors
      self.depthRule = depthRule
      self.dropout = dropout
      self.parameters = parameters
      self.isImageNet = isImageNet
    }

    /// The name of the row's folder, which a `--rows` selection matches, too.
    package var key: String {
      let name = model ?? title.lowercased().replacing(" ", with: "-")
      return name + (depthRule == .sixNPlusFour ? "" : "-l-rule") + (dropout ? "-dropout" : "")
    }

    /// The model with the probability of dropout that the data set has; nil where it is not built.
    package func resolved(dropout probability: Double) -> Model? {
      guard let model, let name = try? ModelName(parsing: model) else { return nil }
      return try? name.model(dropout: dropout ? probability : 0, depthRule: depthRule)
    }
  }

  /// Whether a row's network is meant for images from files, or not from files.
  ///
  /// Only a table of both forms is particular: one of ImageNet's alone can be had in miniature.
  package func suits(_ row: Row, files: Bool) -> Bool {
    row.isImageNet == files || Set(rows.map(\.isImageNet)).count == 1
  }

  /// The table called `name`; nil for another name.
  package static func named(_ name: String) -> PaperTable? {
    all.first { $0.name == name }
  }

  /// Tables 2 to 9 and Figures 2 and 3; Table 1 is the architecture, Figure 4 a measurement.
  package static let all = [
    table2, table3, table4, table5, table6, table7, table8, table9, figure2, figure3,
  ]

  /// The probability of dropout in the paper's networks that have it.
  package static func dropout(on data: String) -> Double { data == "svhn" ? 0.4 : 0.3 }
}
