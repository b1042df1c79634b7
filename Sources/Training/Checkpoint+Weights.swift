import Datasets
import Graph
import Models

extension Checkpoint {
  /// Parameters and running statistics by PyTorch's state-dict names in its layouts, without the
  /// optimiser; the metadata tell how images are prepared.
  ///
  /// With `torchvisionNames` tensors are called as torchvision's network of the same form calls
  /// them. `file` names the checkpoint in errors, which have status 65, or 64 where torchvision has
  /// no such network.
  package func weights(file: String, torchvisionNames: Bool = false) throws -> SafeTensors {
    guard !torchvisionNames || header.model.torchvisionName != nil else {
      throw TrainingError(
        .usage, file, why: "torchvision has no \(header.model.name)", advice: "leave out --names")
    }
    var result = SafeTensors(metadata: try header.preparation)
    result.metadata["format"] = "pt"  // What PyTorch's own writers put there.
    for parameter in header.network.parameters + header.network.states {
      let theirs = torchvisionNames ? header.model.torchvisionName(ofTensor: parameter.name) : nil
      result.tensors[theirs ?? parameter.name] = SafeTensors.Tensor(
        try tensors.values(of: parameter, name: parameter.name, file: file),
        shape: parameter.fileShape)
    }
    return result
  }

  /// The state before a run's first step, from another program's weights; the header's model must
  /// be theirs.
  ///
  /// Throws with status 65 where a tensor has another shape or type than the header's network
  /// needs, or a number that is not finite.
  package init(header: Header, weights: ForeignWeights) throws {
    let network = header.network
    var tensors = SafeTensors()
    for parameter in network.parameters + network.states {
      tensors.tensors[parameter.name] = SafeTensors.Tensor(
        try weights.values(of: parameter), shape: parameter.fileShape)
    }
    for parameter in network.parameters {
      tensors.tensors[Checkpoint.velocityPrefix + parameter.name] = SafeTensors.Tensor(
        [Float](repeating: 0, count: parameter.count), shape: parameter.fileShape)
    }
    try self.init(header: header, tensors: tensors)
  }
}

extension Checkpoint.Header {
  /// Of a run before its first step.
  package init(model: Model, images: ImageDescription, recipe: Recipe, seed: UInt64) {
    self.init(
      model: model, classes: images.classes, image: images.image, data: images.data,
      orientation: .upright,
      classNames: images.classNames, mean: images.mean,
      standardDeviation: images.standardDeviation, recipe: recipe, seed: seed,
      microBatch: recipe.batchSize,
      position: Trainer.Position(
        epoch: 0, step: 0, totalSteps: 0, velocitiesAreFresh: true, metrics: [0, 0, 0, 0]),
      awaitsEvaluation: false)
  }

  /// How images become the network's input, and what its outputs mean, in words and JSON.
  package var preparation: [String: String] {
    get throws {
      var result = [
        "model": model.name, "data": data, "image": image.description,
        "mean": try jsonText(mean), "standard_deviation": try jsonText(standardDeviation),
        "input": "[N, C, H, W], (pixel - mean) / standard_deviation of each channel, "
          + (image.channels == 3 ? "red, green and blue, " : "") + "pixels from 0 to 255",
      ]
      if whitening != nil { result["input"] = "[N, C, H, W], whitened by the checkpoint's matrix" }
      if let classNames { result["class_names"] = try jsonText(classNames) }
      return result.merging(imagePreparation) { own, _ in own }
    }
  }
}
