import Datasets
import Graph
import Models

/// The weights of a model from a file: of another program, a PyTorch state dict as safetensors, or
/// of a checkpoint of this one.
package struct ForeignWeights {
  /// Parameters and running statistics in F32, by this program's names.
  let tensors: SafeTensors
  /// Names the file in errors.
  let file: String
  /// What was changed on the way in, a line each.
  package let notes: [String]
  /// Of the images that the first convolution takes.
  package let channels: Int
  /// Outputs of the last layer; nil where the file need not have that.
  package let classes: Int?

  /// Reads a file, which must have exactly the tensors of the model's network.
  ///
  /// Numbers of other sizes become F32; names may be torchvision's, and have the prefixes of
  /// DataParallel and torch.compile. PyTorch's counters of batches do not count. With
  /// `acceptsCheckpoints` a checkpoint's own weights are taken; without `needsHead` the last layer
  /// may be missing or of any size. Throws with status 66 where there is no file, 65 where it is
  /// damaged or another model's.
  package init(
    contentsOf file: String, model: Model, acceptsCheckpoints: Bool = false,
    needsHead: Bool = true
  ) throws {
    var tensors = try SafeTensors(contentsOf: file)
    self.file = file
    if tensors.metadata["format"] == Checkpoint.format {
      guard acceptsCheckpoints else {
        throw TrainingError(
          .badData, file, why: "it is a checkpoint of this program already",
          advice: "use it as it is")
      }
      tensors.tensors = tensors.tensors.filter {
        !$0.key.hasPrefix(Checkpoint.velocityPrefix) && !$0.key.hasPrefix("input.")
      }
    }
    var notes = try tensors.dropPrefixes(file: file)
    // Names depend neither on the images nor on the classes.
    let network = model.network(
      image: ImageShape(height: 32, width: 32, channels: 3), classes: 10)
    let head = Set(needsHead ? [] : network.head.map { network.parameters[$0].name })
    let names = (network.parameters + network.states).map(\.name)
    if let note = tensors.renameFromTorchvision(names, of: model) { notes.append(note) }
    tensors.tensors = tensors.tensors.filter {
      !head.contains($0.key) && !$0.key.hasSuffix(".num_batches_tracked")
    }
    let needed = names.filter { !head.contains($0) }
    if let problem = ForeignWeights.difference(of: tensors, from: needed, model: model) {
      throw TrainingError(
        .badData, file, why: problem,
        advice: file.contains("-of-")
          ? "give the index of all parts, which ends in \(SafeTensors.indexEnding)"
          : "give its own --model, or rename its tensors as 'export --format torch' does")
    }
    notes += tensors.convert()
    self.tensors = tensors
    self.notes = notes
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
    classes =
      needsHead ? try extent(0, of: network.parameters.last, within: 1...100_000) : nil
  }

  /// What the file says about its images; nil where another program made it.
  package var images: ImageDescription? {
    classes.flatMap { ImageDescription(metadata: tensors.metadata, classes: $0) }
  }

  /// The name of each class, where the file tells.
  package var classNames: [String]? {
    let names: [String]? = tensors.metadata["class_names"].flatMap(decodedJSON)
    return names?.count == classes ? names : nil
  }

  /// What is missing or too much, in words.
  private static func difference(
    of tensors: SafeTensors, from names: [String], model: Model
  ) -> String? {
    let expected = Set(names)
    let extra = tensors.tensors.keys.filter { !expected.contains($0) }.sorted()
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
