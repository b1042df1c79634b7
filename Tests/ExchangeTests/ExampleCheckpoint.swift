import Datasets
import Foundation
import Graph
import Models
import Training

/// A checkpoint whose numbers follow a rule.
enum ExampleCheckpoint {
  static func make(
    _ name: String, data: String = "synthetic:1x8x8:4:20", dropout: Double = 0
  ) throws -> Checkpoint {
    let model = try ModelName(parsing: name).model(dropout: dropout)
    var weights = SafeTensors()
    let size = try SyntheticSize(parsing: data)
    let network = model.network(
      image: ImageShape(height: size.height, width: size.width, channels: size.channels),
      classes: size.classes)
    for (index, parameter) in (network.parameters + network.states).enumerated() {
      weights.tensors[parameter.name] = SafeTensors.Tensor(
        (0..<parameter.count).map { 0.01 + Float(($0 * 7 + index * 3) % 23) / 50 },
        shape: parameter.fileShape)
    }
    let file = FileManager.default.temporaryDirectory
      .appending(path: "widecl-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try weights.write(to: file)
    return try Checkpoint(
      header: Checkpoint.Header(
        model: model, images: ImageDescription(of: Dataset.synthetic(size), recipe: .quick),
        recipe: .quick, seed: 1),
      weights: ForeignWeights(contentsOf: file, model: model))
  }
}

/// A text that a test's result must equal.
func golden(_ name: String) throws -> String {
  let folder = Bundle.module.resourceURL ?? URL(fileURLWithPath: ".")
  return try String(contentsOf: folder.appending(path: "Golden/\(name)"), encoding: .utf8)
}
