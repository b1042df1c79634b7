import Datasets
import Files
import Foundation
import Training

/// What a study is run with; a folder keeps to the settings it began with.
package struct StudySettings: Codable, Hashable, Sendable {
  /// The table's name.
  package var experiment: String
  /// The data set's name.
  package var data: String
  /// The first images of each split that are used; nil for all.
  package var limit: Int?
  /// The seed of the first run; the others follow it.
  package var seed: UInt64
  /// The recipe of every row.
  package var recipe: Recipe

  /// The paper's recipe for the data set, or `base`, with what differs.
  ///
  /// Another number of epochs moves the drops of the learning rate in proportion. Throws with
  /// status 64 when a value makes no sense.
  package init(
    table: PaperTable, data: String, base: Recipe? = nil, epochs: Int? = nil, batch: Int? = nil,
    learningRate: Double? = nil, limit: Int? = nil, seed: UInt64 = 1
  ) throws(TrainingError) {
    experiment = table.name
    self.data = data
    self.limit = limit
    self.seed = seed
    recipe = base ?? StudySettings.recipe(for: data)
    if base == nil,
      let normalization = Recipe.InputNormalization(rawValue: table.normalization),
      data.hasPrefix("cifar")
    {
      recipe.inputNormalization = normalization
    }
    if let epochs { recipe = recipe.scaled(toEpochs: epochs) }
    if let batch { recipe.batchSize = batch }
    if let learningRate { recipe.learningRate = learningRate }
    try recipe.validate()
  }

  /// The paper's recipe for a data set; where the paper has none that for CIFAR, of image files
  /// without padding, as they are cropped otherwise.
  package static func recipe(for data: String) -> Recipe {
    // ImageNet's name may have an image size behind it.
    switch data.split(separator: ":").first {
    case "svhn": return .svhn
    case "imagenet": return .imagenet
    default:
      var recipe = Recipe.cifar
      if (try? DatasetName(parsing: data).imageFileSize) != nil { recipe.augmentation.pad = 0 }
      return recipe
    }
  }

  /// How a row differs from the paper's, a few words a difference; `runs` is the median's.
  package func differences(
    from row: PaperTable.Row, in table: PaperTable, runs: Int
  ) -> [String] {
    let paperData = row.paperData(for: data)
    let paper = StudySettings.recipe(for: paperData)
    var result: [String] = []
    if data != paperData { result.append("\(data), not \(paperData)") }
    if recipe.epochs != paper.epochs {
      result.append(
        "\(recipe.epochs) epoch\(recipe.epochs == 1 ? "" : "s"), not \(paper.epochs)")
    }
    if let limit { result.append("the first \(limit) images of each split") }
    if recipe.batchSize != paper.batchSize {
      result.append("batch \(recipe.batchSize), not \(paper.batchSize)")
    }
    if recipe.learningRate != paper.learningRate {
      result.append("learning rate \(recipe.learningRate), not \(paper.learningRate)")
    }
    if recipe.schedule != paper.scaled(toEpochs: recipe.epochs).schedule {
      result.append("another schedule")
    }
    let normalization =
      paperData == "svhn" ? paper.inputNormalization.rawValue : table.normalization
    if recipe.inputNormalization.rawValue != normalization {
      result.append("\(recipe.inputNormalization.rawValue), not \(normalization)")
    }
    if recipe.augmentation != paper.augmentation { result.append("another augmentation") }
    var rest = paper.scaled(toEpochs: recipe.epochs)
    (rest.batchSize, rest.learningRate) = (recipe.batchSize, recipe.learningRate)
    (rest.schedule, rest.augmentation) = (recipe.schedule, recipe.augmentation)
    rest.inputNormalization = recipe.inputNormalization
    if rest != recipe { result.append("other details of the recipe") }
    if runs != table.runs { result.append("\(runs) run\(runs == 1 ? "" : "s"), not \(table.runs)") }
    return result
  }

  /// Writes the settings into the folder, or compares them with those it was begun with.
  ///
  /// Throws with status 65 where they differ and 73 where the folder cannot be written.
  package func claim(folder: String) throws(TrainingError) {
    let path = folder + "/study.json"
    if let bytes = FileManager.default.contents(atPath: path) {
      guard let old = try? JSONDecoder().decode(StudySettings.self, from: bytes) else {
        throw TrainingError(
          .badData, path, why: "it is no study's", advice: "choose another --output")
      }
      let differences = [
        ("experiment", old.experiment == experiment), ("data", old.data == data),
        ("limit", old.limit == limit), ("seed", old.seed == seed),
        (
          "recipe (\(recipe.differences(from: old.recipe).joined(separator: ", ")))",
          old.recipe == recipe
        ),
      ].filter { !$0.1 }.map(\.0)
      guard differences.isEmpty else {
        throw TrainingError(
          .badData, path,
          why: "it belongs to a study with another \(differences.joined(separator: ", "))",
          advice: "continue with its settings, or choose another --output")
      }
      return
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let bytes = try? encoder.encode(self) else { preconditionFailure("numbers are finite") }
    try AtomicFile.write([Array(bytes), [UInt8(ascii: "\n")]], to: path)
  }
}

extension PaperTable.Row {
  /// The data set whose number stands beside that of a run on `data`.
  package func paperData(for data: String) -> String {
    if errors[data] != nil { return data }
    return ["cifar10", "cifar100", "svhn", "imagenet"].first { errors[$0] != nil } ?? data
  }
}
