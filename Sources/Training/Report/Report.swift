import Autotuner
import Datasets
import Files
import Foundation
import Graph
import Models

/// A run as one page without any outside reference, made from what lies in its folder.
package struct Report {
  package let title: String
  /// What the run was, for the page's first screen.
  package let facts: [(name: String, value: String)]
  /// The configuration's values by their paths, for example "recipe.momentum".
  package let configuration: [(key: String, value: String)]
  package let records: [EpochRecord]
  /// Epochs at whose beginning the learning rate drops, counted from 1.
  package let drops: [Double]
  package let layers: [Network.LayerSummary]
  /// Images that the test errors are of; nil in folders of before it was written.
  package let testImages: Int?
  /// Only where the test images are at hand.
  package var results: TestResults?

  /// Reads config.json and log.jsonl of a run's folder; throws with status 65 or 66.
  package init(folder: String) throws {
    let path = folder + "/config.json"
    let file = try RunConfiguration.file(in: folder)
    let bytes = try file.read(file.size)
    guard
      case .object(let object)? = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
      case .string(let model)? = object["model"], case .string(let data)? = object["data"]
    else { throw Report.damaged(path) }
    title = "\(model) on \(data)"
    facts = Report.facts(.object(object))
    configuration = Report.flattened(
      object.filter { !["command", "started"].contains($0.key) }, prefix: "")
    records = try RunLog(path: folder + "/log.jsonl").records()
    let recipe = object["recipe"]
    let isEarly = recipe?["dropAtStartOfEpoch"] == .bool(true)
    drops = (recipe?["schedule"]?["epochs"]?.integers ?? []).map {
      Double(isEarly ? $0 : $0 + 1)
    }
    layers = Report.layers(
      model: model, blocksPerGroup: JSONValue.object(object)["blocksPerGroup"]?.integers?.first,
      data: data)
    testImages = JSONValue.object(object)["testImages"]?.integers?.first
  }

  /// The layers of a network on a data set that is known by name; none for others.
  private static func layers(
    model: String, blocksPerGroup: Int?, data: String
  ) -> [Network.LayerSummary] {
    guard let format = try? DatasetName(parsing: data).format,
      let name = try? ModelName(parsing: model),
      // Only Wide ResNets leave their blocks open.
      let network = (try? name.model(blocksPerGroup: blocksPerGroup)) ?? (try? name.model())
    else { return [] }
    let image = ImageShape(height: format.height, width: format.width, channels: format.channels)
    return network.network(image: image, classes: format.classes).layerSummaries
  }

  private static func damaged(_ path: String) -> TrainingError {
    TrainingError(
      .badData, path, why: "it is not the configuration of a run",
      advice: "give a folder that 'widecl train' wrote")
  }

  private static func flattened(
    _ object: [String: JSONValue], prefix: String
  ) -> [(key: String, value: String)] {
    object.sorted { $0.key < $1.key }.flatMap { key, value in
      if case .object(let inner) = value {
        return flattened(inner, prefix: prefix + key + ".")
      }
      return [(prefix + key, value.text)]
    }
  }

  /// Writes the page whole or not at all; throws with status 73.
  package func write(
    to path: String, files: any FileOperations = SystemFiles()
  ) throws(TrainingError) {
    try AtomicFile.write([Array(html.utf8)], to: path, files: files)
  }
}
