import ArgumentParser
import Datasets
import Models
import Training

/// What is trained, and on what.
struct TrainedDataOptions: ParsableArguments {
  @Option(
    help: """
      The model: \(ModelName.forms). For a folder of images \(TrainedDataOptions.modelOfFolders) \
      by default.
      """)
  var model: String?
  @Option(
    help: ArgumentHelp(
      "The data set; see 'widecl data list'. Or the path of a folder with a folder of images for "
        + "each class.",
      discussion: """
        Of such a folder images become \(DatasetName.usualFolderSize) pixels wide and high; \
        folder:SIZE with --data-path is for others. Where it has no train and val, a fifth of each \
        class is kept for testing.
        """,
      valueName: "name-or-folder"))
  var data: String?
  @Option(help: "The folder it lies in; searched for by default.") var dataPath: String?
  @Option(parsing: .unconditional, help: "Use only the first N training and test images.")
  var limit: Int?

  /// Small enough for a few hundred photos, and for a CPU.
  private static let modelOfFolders = "wrn-16-2"

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  /// The model's name, where one is given or the data are a folder of images.
  func modelName() throws -> String? {
    if let model { return model }
    return try namesFolder() ? Self.modelOfFolders : nil
  }

  /// Whether the data are a folder of images.
  func namesFolder() throws -> Bool {
    try data.map { try DatasetName(parsing: $0).isFolder } ?? false
  }

  /// Throws what is missing to begin a run with.
  func checkForStart() throws {
    switch (try modelName(), data) {
    case (_?, _?): break
    case (nil, nil):
      throw ValidationError("give --model and --data, or --show, or --resume and a run's folder")
    case (_?, nil): throw ValidationError("give --data, a data set's name or a folder of images")
    case (nil, _?):
      throw ValidationError("give --model, such as wrn-16-4; 'widecl models' lists them")
    }
  }
}
