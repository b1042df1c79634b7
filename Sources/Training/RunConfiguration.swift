import Datasets
import DeviceRuntime
import Files
import Foundation
import Models

/// What a run was begun with: its config.json.
///
/// With what it says a run is continued, and its checkpoints are evaluated, by the folder's name
/// alone. Keys are in camel case, as a recipe's; files of older versions have them in snake case.
package struct RunConfiguration: Codable, Hashable, Sendable {
  /// The model's name, which with the next two gives the model.
  package var model: String
  package var blocksPerGroup: BlocksPerGroup
  package var dropout: Double
  /// The data set's name.
  package var data: String
  /// The folder it lies in, from the root on; nil for one that is made as it is needed, and in
  /// files of older versions.
  package var dataPath: String?
  /// The name of each class; nil in files of older versions.
  package var classNames: [String]?
  package var limit: Int?
  /// Where batches go in parts.
  package var microBatch: Int?
  package var seed: UInt64
  package var device: String
  package var driver: String
  package var recipe: Recipe
  /// What is done about the orientation that a camera noted, where the user said it.
  package var orientation: OrientationHandling?
  /// Where the run started from another's weights.
  package var fineTuning: FineTuning?
  /// Of a folder of several runs, how many; nil for one.
  package var runs: Int?
  /// How many images the test has; nil in files of older versions.
  package var testImages: Int?
  /// The command as it was typed, and when; nil in files of older versions and of library's users.
  package var command: String?
  package var started: String?

  package init(
    model: Model, data: Dataset, dataPath: String?, limit: Int?, microBatch: Int?, seed: UInt64,
    device: DeviceInfo, recipe: Recipe, fineTuning: FineTuning?,
    orientation: OrientationHandling? = nil, runs: Int? = nil, origin: RunOrigin? = nil
  ) {
    self.model = model.name
    blocksPerGroup = model.blocksPerGroup
    dropout = model.dropout
    self.data = data.name
    self.dataPath = dataPath
    classNames = data.classNames
    self.limit = limit
    self.microBatch = microBatch
    self.seed = seed
    self.device = device.name
    driver = device.driver
    self.recipe = recipe
    self.fineTuning = fineTuning
    self.orientation = orientation
    self.runs = runs
    testImages = data.test.count
    command = origin?.command
    started = origin?.started
  }

  /// Reads the file of a run's folder; throws with status 66 where there is none, 65 where it is
  /// not what a run writes.
  package init(folder: String) throws(TrainingError) {
    let file = try Self.file(in: folder)
    try self.init(json: Data(file.read(file.size)), source: RunFolder.config(in: folder))
  }

  /// Opens the file of a run's folder; throws with status 66 where there is none.
  static func file(in folder: String) throws(TrainingError) -> InputFile {
    do { return try InputFile(RunFolder.config(in: folder)) } catch {
      throw TrainingError(
        error.category, folder, why: "it is no folder of a run: its config.json \(error.why)",
        advice: "give a folder that 'widecl train' wrote")
    }
  }

  /// Reads the file's content; `source` names it in errors, which have status 65.
  package init(json: Data, source: String) throws(TrainingError) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(RunConfiguration.self, from: json)
      try recipe.validate()
    } catch {
      throw TrainingError(
        .badData, source,
        why: "it is not the configuration of a run: \(decodingFailure(error))",
        advice: "give a folder that 'widecl train' wrote")
    }
  }

  /// Writes the file whole or not at all; throws with status 73.
  package func write(to path: String, files: any FileOperations = SystemFiles()) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(
      [Array(try encoder.encode(self)), [UInt8(ascii: "\n")]], to: path, files: files)
  }
}

extension RunConfiguration {
  /// The model; throws `ModelError` where this version has none of the name.
  package func resolvedModel() throws(ModelError) -> Model {
    let name = try ModelName(parsing: model)
    // Only Wide ResNets leave their blocks open.
    if let common = blocksPerGroup.common,
      let open = try? name.model(dropout: dropout, blocksPerGroup: common)
    {
      return open
    }
    return try name.model(dropout: dropout)
  }
}
