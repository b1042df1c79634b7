import Datasets
import Files
import Foundation
import Graph
import Models

/// A run as one page without any outside reference, made from what lies in its folder.
package struct Report {
  package let title: String
  /// The configuration's values by their paths, for example "recipe.momentum".
  package let configuration: [(key: String, value: String)]
  package let records: [EpochRecord]
  /// Epochs at whose beginning the learning rate drops, counted from 1.
  package let drops: [Double]
  package let layers: [Network.LayerSummary]
  /// Only where the test images are at hand.
  package var results: TestResults?

  /// Reads config.json and log.jsonl of a run's folder; throws with status 65 or 66.
  package init(folder: String) throws {
    let path = folder + "/config.json"
    let file = try InputFile(path)
    let bytes = try file.read(file.size)
    guard
      let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      let model = object["model"] as? String,
      let data = object["data"] as? String
    else { throw Report.damaged(path) }
    title = "\(model) on \(data)"
    configuration = Report.flattened(object, prefix: "")
    records = try RunLog(path: folder + "/log.jsonl").records()
    let recipe = object["recipe"] as? [String: Any] ?? [:]
    let schedule = recipe["schedule"] as? [String: Any] ?? [:]
    let isEarly = recipe["drop_at_start_of_epoch"] as? Bool ?? false
    drops = (schedule["epochs"] as? [Int] ?? []).map { Double(isEarly ? $0 : $0 + 1) }
    layers = Report.layers(
      model: model, blocksPerGroup: object["blocks_per_group"] as? Int, data: data)
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
    _ object: [String: Any], prefix: String
  ) -> [(key: String, value: String)] {
    object.sorted { $0.key < $1.key }.flatMap { key, value in
      if let inner = value as? [String: Any] {
        return flattened(inner, prefix: prefix + key + ".")
      }
      let text =
        switch value {
        case let list as [Any]: list.map { "\($0)" }.joined(separator: ", ")
        default: "\(value)"
        }
      return [(prefix + key, text)]
    }
  }

  /// Writes the page whole or not at all; throws with status 73.
  package func write(to path: String) throws(TrainingError) {
    try AtomicFile.write([Array(html.utf8)], to: path)
  }
}
