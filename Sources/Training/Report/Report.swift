import Autotuner
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
      case .object(let object)? = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)),
      case .string(let model)? = object["model"], case .string(let data)? = object["data"]
    else { throw Report.damaged(path) }
    title = "\(model) on \(data)"
    configuration = Report.flattened(object, prefix: "")
    records = try RunLog(path: folder + "/log.jsonl").records()
    let recipe = object["recipe"]
    let isEarly = recipe?["drop_at_start_of_epoch"] == .bool(true)
    drops = (recipe?["schedule"]?["epochs"]?.integers ?? []).map {
      Double(isEarly ? $0 : $0 + 1)
    }
    layers = Report.layers(
      model: model, blocksPerGroup: object["blocks_per_group"]?.integers?.first, data: data)
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

extension JSONValue {
  /// A member of an object.
  fileprivate subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// A whole number, or the elements of an array that are one.
  fileprivate var integers: [Int]? {
    switch self {
    case .integer(let value): [value]
    case .array(let values): values.compactMap { $0.integers?.first }
    default: nil
    }
  }

  /// The value as people read it.
  fileprivate var text: String {
    switch self {
    case .null: "-"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): values.map(\.text).joined(separator: ", ")
    case .object: ""
    }
  }
}
