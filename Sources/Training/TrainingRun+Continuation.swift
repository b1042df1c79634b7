import Datasets
import Graph
import Models

extension TrainingRun.Options {
  var image: ImageShape { ImageShape(of: data.train) }

  var network: Network { model.network(image: image, classes: data.classes) }

  /// Images at once where no more memory is needed than there is.
  var wholeBatch: Int {
    TrainingMemory.Task(network: network, data: data, recipe: recipe).largest
  }

  var filesDigest: String? { data.filesDigest }

  /// What whitens the images, where the recipe asks for it: a run goes on with what it began with.
  func whitening(continuing checkpoint: Checkpoint?) throws -> Whitening? {
    guard recipe.inputNormalization == .zca else { return nil }
    return try checkpoint?.header.whitening ?? whitenings.whitening(of: data.train)
  }

  /// Throws with status 65 where a checkpoint is not one that these options may go on from.
  ///
  /// `filesDigest` is the data's own, `path` the checkpoint's, `config` that of the options it was written with.
  func check(
    continuing old: Checkpoint.Header, filesDigest digest: String?, path: String, config: String
  ) throws {
    let conditions: [(name: String, holds: Bool)] = [
      ("model", "\(old.model)" == "\(model)"), ("data", old.data == data.name),
      // Checkpoints of older versions have no digest.
      ("list of image files", old.filesDigest.map { $0 == digest } ?? true),
      ("choice of the test images", old.heldOut == data.heldOut),
      ("orientation", orientation == nil || orientation == old.orientation ?? .ignored),
      ("image size", old.image == image), ("number of classes", old.classes == data.classes),
      ("limit", old.limit == limit), ("seed", old.seed == seed),
      ("recipe", old.recipe.continues(as: recipe)),
      (
        "micro-batch",
        microBatch.map { min($0, wholeBatch) == min(old.microBatch, wholeBatch) } ?? true
      ),
    ]
    let differences = conditions.filter { !$0.holds }.map(\.name)
    guard differences.isEmpty else {
      throw TrainingError(
        .badData, path,
        why: "it belongs to a run with another \(differences.joined(separator: ", "))",
        advice: "resume with the options in \(config), or choose another --output")
    }
    let steps = recipe.stepsPerEpoch(images: data.train.count)
    guard old.position.step < steps, old.position.epoch <= recipe.epochs else {
      throw TrainingError(
        .badData, path, why: "it is further than this run goes", advice: "give more --epochs")
    }
    guard
      old.position.totalSteps == old.position.epoch * steps + old.position.step,
      old.position.epoch < recipe.epochs || old.position.step == 0
    else {
      throw TrainingError(
        .badData, path, why: "its counters contradict each other",
        advice: "give another checkpoint, or train again into another --output")
    }
  }
}

extension Recipe {
  /// Whether a run by this recipe may go on by another: more epochs are all that may differ, and
  /// only where the schedule does not depend on their number.
  func continues(as other: Recipe) -> Bool {
    var longer = self
    switch schedule {
    case .constant, .steps: longer.epochs = other.epochs
    case .cosine, .oneCycle: break
    }
    return longer == other
  }
}
