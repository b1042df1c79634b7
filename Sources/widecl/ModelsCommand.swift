import ArgumentParser
import Foundation
import Graph
import Models
import Training

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Lists the networks that can be asked for by name.",
    discussion: """
      Those of the papers; other depths and widths have names of the same forms. 'widecl summary \
      MODEL' shows the layers.

      Example:
        widecl models --json
      """)

  @Flag(help: "Print JSON.") var json = false

  struct Row: Encodable {
    var name: String
    /// The images that the papers train it on, CxHxW.
    var image: String
    var classes: Int
    var parameters: Int
    /// What torchvision and timm call it; nil where they have none.
    var torchvision: String?
  }

  func run() throws {
    let rows = try ModelName.examples.map { name in
      let model = try ModelName(parsing: name).model()
      let network = model.network(image: model.usualImage, classes: model.usualClasses)
      return Row(
        name: model.name, image: model.usualImage.description, classes: model.usualClasses,
        parameters: network.parameterCount, torchvision: model.torchvisionName)
    }
    if json { return try printJSON(rows) }
    print(
      "name".padded(to: 24) + "images".padded(to: 12) + "parameters".padded(to: 12, right: true)
        + "  torchvision, timm")
    for row in rows {
      print(
        row.name.padded(to: 24) + row.image.padded(to: 12)
          + "\(row.parameters)".padded(to: 12, right: true)
          + (row.torchvision.map { "  " + $0 } ?? ""))
    }
    print("forms of names: \(ModelName.forms)")
  }
}
