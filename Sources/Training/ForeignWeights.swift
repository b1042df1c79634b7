import Graph
import Models

/// The weights of a model that another program trained: a PyTorch state dict as safetensors.
package struct ForeignWeights {
  let tensors: SafeTensors
  /// Names the file in errors.
  let file: String
  /// Of the images that the first convolution takes.
  package let channels: Int
  /// Outputs of the last layer.
  package let classes: Int

  /// Reads a file, which must have exactly the tensors of the model's network.
  ///
  /// PyTorch's counters of batches do not count. Throws with status 66 where there is no file, 65
  /// where it is damaged or another model's.
  package init(contentsOf file: String, model: Model) throws {
    let tensors = try SafeTensors(contentsOf: file)
    self.tensors = tensors
    self.file = file
    guard tensors.metadata["format"] != Checkpoint.format else {
      throw TrainingError(
        .badData, file, why: "it is a checkpoint of this program already",
        advice: "use it as it is")
    }
    // Names depend neither on the images nor on the classes.
    let network = model.network(
      image: ImageShape(height: 32, width: 32, channels: 3), classes: 10)
    let names = (network.parameters + network.states).map(\.name)
    if let problem = ForeignWeights.difference(of: tensors, from: names, model: model) {
      throw TrainingError(
        .badData, file, why: problem,
        advice: "give its own --model, or rename its tensors as 'export --format torch' does")
    }
    func extent(
      _ axis: Int, of parameter: Parameter?, within range: ClosedRange<Int>
    ) throws -> Int {
      let name = parameter?.name ?? ""
      let shape = tensors.tensors[name]?.shape ?? []
      guard shape.count == parameter?.fileShape.count, range.contains(shape[axis]) else {
        throw TrainingError(
          .badData, file, why: "'\(name)' is \(shape), which no \(model.name) has",
          advice: "give the --model that the file is of")
      }
      return shape[axis]
    }
    channels = try extent(1, of: network.parameters.first, within: 1...256)
    classes = try extent(0, of: network.parameters.last, within: 1...100_000)
  }

  /// What the file says about its images; nil where another program made it.
  package var images: ImageDescription? {
    ImageDescription(metadata: tensors.metadata, classes: classes)
  }

  /// What is missing or too much, in words.
  private static func difference(
    of tensors: SafeTensors, from names: [String], model: Model
  ) -> String? {
    let expected = Set(names)
    let extra = tensors.tensors.keys
      .filter { !expected.contains($0) && !$0.hasSuffix(".num_batches_tracked") }.sorted()
    let missing = names.filter { tensors.tensors[$0] == nil }
    func others(_ names: [String]) -> String {
      names.count > 1 ? " and \(names.count - 1) more" : ""
    }
    if let first = missing.first {
      let instead = extra.first.map { "; it has '\($0)'\(others(extra)) instead" } ?? ""
      return "it has no tensor '\(first)'\(others(missing)), which \(model.name) needs\(instead)"
    }
    return extra.first.map {
      "it has a tensor '\($0)'\(others(extra)), which \(model.name) has not"
    }
  }
}
