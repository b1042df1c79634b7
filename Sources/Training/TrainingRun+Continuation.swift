import Datasets
import Graph
import Models

extension TrainingRun.Options {
  var image: ImageShape { ImageShape(of: data.train) }

  var network: Network {
    model.network(image: image, classes: data.classes).freezing(fineTuning?.freeze ?? [])
  }

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
    let steps = recipe.stepsPerEpoch(images: data.train.count)
    let classes = old.knownClasses(file: path).difference(from: data)
    func other<Value: Equatable>(_ name: String, _ new: Value, _ begun: Value) -> String {
      new == begun ? name : "\(name) (\(new), not \(begun))"
    }
    func other(_ name: String, _ new: Int?, _ begun: Int?) -> String {
      other(name, new.map(String.init) ?? "none", begun.map(String.init) ?? "none")
    }
    let conditions: [(name: String, holds: Bool)] = [
      (other("model", model.name, old.model.name), "\(old.model)" == "\(model)"),
      (other("data", data.name, old.data), old.data == data.name),
      // Of other data the number of classes says enough.
      ("classes (\(classes ?? ""))", classes == nil || old.classes != data.classes),
      // Checkpoints of older versions have no digest.
      ("list of image files", old.filesDigest.map { $0 == digest } ?? true),
      ("choice of the test images", old.heldOut == data.heldOut),
      ("orientation", orientation == nil || orientation == old.orientation ?? .ignored),
      ("image size", old.image == image),
      (other("number of classes", data.classes, old.classes), old.classes == data.classes),
      (other("limit", limit, old.limit), old.limit == limit),
      (other("seed", seed, old.seed), old.seed == seed),
      ("start, --weights, --new-head or --freeze", old.fineTuning == fineTuning),
      (
        "recipe (\(recipe.reasonNotToContinue(old.recipe)))",
        old.recipe.continues(
          as: recipe, epoch: old.position.epoch, step: old.position.step, stepsPerEpoch: steps)
      ),
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
