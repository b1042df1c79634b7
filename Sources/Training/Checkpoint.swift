import Datasets
import DeviceRuntime
import Files
import Foundation
import Graph
import Models

/// A run's state between two steps, as a safetensors file.
///
/// Parameters and running statistics have the names of the authors' PyTorch port, velocities stand
/// under `optimizer.`; counters and options are in the metadata. Nothing in it depends on the clock
/// but `train_seconds`, which only a state inside an epoch has.
package struct Checkpoint {
  /// What the tensors are for and how far training is.
  package struct Header: Hashable {
    package var model: Model
    package var classes: Int
    package var image: ImageShape
    package var data: String
    /// Of image files: what `Dataset.filesDigest` says; nil for other data sets.
    package var filesDigest: String?
    /// How the test images of a folder were chosen; nil where they are given.
    package var heldOut: HeldOut?
    /// What is done about the orientation that a camera noted; nil in files of before it was written,
    /// whose runs ignored it.
    package var orientation: OrientationHandling?
    /// The name of each class; nil in files of before they were written.
    package var classNames: [String]?
    /// Training and test images used, at most; nil for all.
    package var limit: Int?
    /// Of the input, for each channel, in bytes.
    package var mean: [Float]
    package var standardDeviation: [Float]
    /// Where the recipe asks for it.
    package var whitening: Whitening?
    package var recipe: Recipe
    /// Where the run started from another's weights.
    package var fineTuning: FineTuning?
    package var seed: UInt64
    /// Images that go through the network at once, at most.
    package var microBatch: Int
    package var position: Trainer.Position
    /// Whether the last epoch still has to be tested and logged.
    package var awaitsEvaluation: Bool
    /// Seconds of training in the current epoch; nil between epochs.
    package var trainSeconds: Double?
    /// The lowest test error so far, in per cent.
    package var bestError: Double?
  }

  package var header: Header
  package var tensors: SafeTensors

  static let format = "widecl-1"
  static let velocityPrefix = "optimizer."

  /// The state of a trainer; waits for the device.
  package init(header: Header, store: ParameterStore) throws {
    var tensors = SafeTensors()
    try store.save(.parameter, into: &tensors, prefix: "")
    try store.save(.state, into: &tensors, prefix: "")
    try store.save(.velocity, into: &tensors, prefix: Checkpoint.velocityPrefix)
    try self.init(header: header, tensors: tensors)
  }

  /// A state from all its tensors, whose metadata the header replaces.
  init(header: Header, tensors: SafeTensors) throws {
    self.header = header
    self.tensors = tensors
    self.tensors.whitening = header.whitening
    self.tensors.metadata = try header.metadata()
    self.tensors.metadata["format"] = Checkpoint.format
  }

  /// Reads and checks a file; throws `TrainingError` with status 65 or 66.
  package init(contentsOf path: String) throws {
    tensors = try SafeTensors(contentsOf: path)
    guard tensors.metadata["format"] == Checkpoint.format else { throw Checkpoint.isNone(path) }
    header = try Header(metadata: tensors.metadata, file: path)
    guard header.recipe.inputNormalization == .zca else { return }
    guard let whitening = tensors.whitening, whitening.mean.count == header.image.count else {
      throw TrainingError(
        .badData, path, why: "its recipe whitens images, but it has no whitening for its images",
        advice: "give another checkpoint")
    }
    header.whitening = whitening
  }

  fileprivate static func isNone(_ path: String) -> TrainingError {
    TrainingError(
      .badData, path, why: "no checkpoint of this program: its metadata lacks the format",
      advice: "give a file that 'widecl train' wrote; 'widecl import' makes one of weights")
  }

  /// Writes the file whole or not at all; throws with status 73.
  package func write(
    to path: String, files: any FileOperations = SystemFiles()
  ) throws(TrainingError) {
    try tensors.write(to: path, files: files)
  }

  /// Whether every number of every tensor is finite.
  var isFinite: Bool {
    tensors.tensors.values.allSatisfy { $0.floats?.allSatisfy(\.isFinite) ?? true }
  }

  /// Sets parameters and running statistics, and with `velocities` the optimiser's state.
  ///
  /// Throws with status 65, and changes nothing, when a tensor is missing or of another shape.
  package func restore(into store: ParameterStore, velocities: Bool, file: String) throws {
    let kinds: [(ParameterStore.Kind, String)] =
      [(.parameter, ""), (.state, "")]
      + (velocities ? [(.velocity, Checkpoint.velocityPrefix)] : [])
    for (kind, prefix) in kinds {
      try store.check(kind, in: tensors, prefix: prefix, file: file)
    }
    for (kind, prefix) in kinds {
      try store.restore(kind, from: tensors, prefix: prefix, file: file)
    }
  }
}

extension Checkpoint.Header {
  /// The layers of the network.
  package var network: Network { model.network(image: image, classes: classes) }

  /// The header as the text values that a safetensors file allows.
  fileprivate func metadata() throws -> [String: String] {
    var result = [
      "model": try jsonText(model), "model_name": model.name, "classes": "\(classes)",
      "image": try jsonText(image), "data": data, "mean": try jsonText(mean),
      "standard_deviation": try jsonText(standardDeviation), "recipe": try jsonText(recipe),
      "seed": "\(seed)", "epoch": "\(position.epoch)", "step": "\(position.step)",
      "total_steps": "\(position.totalSteps)",
      "velocities_are_fresh": "\(position.velocitiesAreFresh)",
      "metrics": try jsonText(position.metrics.map(\.bitPattern)),
      "awaits_evaluation": "\(awaitsEvaluation)", "micro_batch": "\(microBatch)",
    ]
    if let filesDigest { result["files_digest"] = filesDigest }
    if let heldOut { result["held_out"] = try jsonText(heldOut) }
    if let orientation { result["orientation"] = orientation.rawValue }
    if let classNames { result["class_names"] = try jsonText(classNames) }
    if let limit { result["limit"] = "\(limit)" }
    if let fineTuning { result["fine_tuning"] = try jsonText(fineTuning) }
    if let trainSeconds { result["train_seconds"] = "\(trainSeconds)" }
    if let bestError { result["best_error"] = "\(bestError)" }
    return result
  }

  fileprivate init(metadata: [String: String], file: String) throws {
    func bad(_ key: String) -> TrainingError {
      TrainingError(
        .badData, file, why: "its metadata '\(key)' is missing or wrong",
        advice: "give another checkpoint")
    }
    func value<T>(_ key: String, _ convert: (String) -> T?) throws -> T {
      guard let text = metadata[key], let value = convert(text) else { throw bad(key) }
      return value
    }
    func json<T: Decodable>(_ key: String) throws -> T {
      try value(key, decodedJSON)
    }
    func count(_ key: String) throws -> Int {
      try value(key) { Int($0).flatMap { (0...Int(Int32.max)).contains($0) ? $0 : nil } }
    }
    func optional<T>(_ key: String, _ convert: (String) -> T?) throws -> T? {
      metadata[key] == nil ? nil : try value(key, convert)
    }
    let stored: Model = try json("model")
    do { model = try stored.checked() } catch { throw bad("model") }
    classes = try count("classes")
    image = try json("image")
    guard (1...100_000).contains(classes), (1...8192).contains(image.height),
      (1...8192).contains(image.width), (1...256).contains(image.channels)
    else { throw bad("image") }
    data = try value("data") { $0 }
    filesDigest = try optional("files_digest") { $0 }
    heldOut = try optional("held_out", decodedJSON)
    orientation = try optional("orientation") { OrientationHandling(rawValue: $0) }
    classNames = try optional("class_names", decodedJSON)
    guard classNames == nil || classNames?.count == classes else { throw bad("class_names") }
    limit = try optional("limit") { Int($0) }
    mean = try json("mean")
    standardDeviation = try json("standard_deviation")
    guard mean.count == image.channels, standardDeviation.count == image.channels,
      mean.allSatisfy(\.isFinite), standardDeviation.allSatisfy({ $0 > 0 && $0.isFinite })
    else { throw bad("mean") }
    recipe = try Recipe(json: Data((metadata["recipe"] ?? "").utf8), source: "recipe in \(file)")
    fineTuning = try optional("fine_tuning", decodedJSON)
    seed = try value("seed") { UInt64($0) }
    // Checkpoints of older versions have none: their batches went whole.
    microBatch =
      try optional("micro_batch") { number in Int(number).flatMap { $0 > 0 ? $0 : nil } }
      ?? recipe.batchSize
    let bits: [UInt32] = try json("metrics")
    let metrics = bits.map { Float(bitPattern: $0) }
    guard metrics.count == 4, metrics.allSatisfy(\.isFinite), metrics[0] >= 0,
      (0...0x1p31).contains(metrics[2]), (0...metrics[2]).contains(metrics[1])
    else { throw bad("metrics") }
    position = Trainer.Position(
      epoch: try count("epoch"), step: try count("step"), totalSteps: try count("total_steps"),
      velocitiesAreFresh: try value("velocities_are_fresh") { Bool($0) }, metrics: metrics)
    awaitsEvaluation = try value("awaits_evaluation") { Bool($0) }
    guard !awaitsEvaluation || (position.epoch > 0 && position.step == 0 && metrics[2] > 0) else {
      throw bad("awaits_evaluation")
    }
    trainSeconds = try optional("train_seconds") { number in
      Double(number).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
    }
    bestError = try optional("best_error") { number in
      Double(number).flatMap { (0...100).contains($0) ? $0 : nil }
    }
  }
}

extension Checkpoint.Header {
  /// Reads a checkpoint's header and no tensor; throws as `Checkpoint` does.
  package init(contentsOf path: String) throws {
    let metadata = try SafeTensors.metadata(of: path)
    guard metadata["format"] == Checkpoint.format else { throw Checkpoint.isNone(path) }
    try self.init(metadata: metadata, file: path)
  }
}

/// A value as JSON on one line.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

/// A value from JSON; nil where the text is no such JSON.
func decodedJSON<Value: Decodable>(_ text: String) -> Value? {
  try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
}
