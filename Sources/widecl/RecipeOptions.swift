import ArgumentParser
import Datasets
import Foundation
import Training

/// The recipe and what of it is changed.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The recipe: \(Recipe.names.joined(separator: ", ")), or a JSON file that --show printed, "
        + "or a run's config.json. Default: cifar.",
      valueName: "name-or-file"))
  var recipe: String?
  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Change a field of the recipe, such as augmentation.flip=false; may be repeated.",
      valueName: "name=value"))
  var settings: [String] = []
  @Flag(help: "Print the recipe as JSON and stop.") var show = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Epochs, instead of the recipe's; drops of the learning rate move in proportion.",
      discussion: """
        With --resume they do so where the epochs that are done had the same rates; else the \
        drops stay as the run began with them.
        """))
  var epochs: Int?
  @Option(parsing: .unconditional, help: "Images a step, instead of the recipe's.") var batch: Int?
  @Option(parsing: .unconditional, help: "The base learning rate, instead of the recipe's.") var lr:
    Double?
  @Option(help: "How bytes become the network's input, instead of the recipe's.")
  var preprocess: Recipe.InputNormalization?

  /// The recipe to train by; `begun` is that of a run to be continued, `images` the number of images
  /// to train on in a folder of the user's.
  func chosen(over begun: Recipe? = nil, images: Int? = nil) throws -> Recipe {
    var chosen = try base(over: begun, images: images)
    if let epochs, epochs != chosen.epochs {
      if setsSchedule { chosen.epochs = epochs } else { chosen = chosen.scaled(toEpochs: epochs) }
    }
    try chosen.validate()
    return chosen
  }

  /// The same but for the number of epochs.
  private func base(over begun: Recipe?, images: Int?) throws -> Recipe {
    var chosen = try recipe.map(readRecipe) ?? begun ?? .cifar
    if let images, isQuick(begun) { chosen = .quick(imageFiles: images) }
    for setting in settings { chosen = try chosen.setting(setting) }
    if let batch { chosen.batchSize = batch }
    if let lr { chosen.learningRate = lr }
    if let preprocess { chosen.inputNormalization = preprocess }
    return chosen
  }

  /// Whether the recipe of a folder of the user's is the one that fits its images.
  private func isQuick(_ begun: Recipe?) -> Bool {
    recipe.map { $0 == "quick" } ?? (begun == nil)
  }

  private var setsSchedule: Bool { settings.contains { $0.hasPrefix("schedule") } }

  /// Says what other epochs than the recipe's mean for the learning rate.
  func explainEpochs(of chosen: Recipe, images: Int? = nil) throws {
    let base = try base(over: nil, images: images)
    if let images, isQuick(nil) {
      tell(
        "\(images) images to train on: the recipe quick without padding, batch "
          + "\(chosen.batchSize), learning rate \(String(format: "%.2g", chosen.learningRate)), "
          + "\(chosen.epochs) epochs; --recipe, --batch, --lr and --epochs say otherwise")
    }
    if !setsSchedule && chosen.epochs != base.epochs && !base.drops.isEmpty {
      tell(
        "\(chosen.epochs) epochs instead of the recipe's \(base.epochs): \(chosen.dropsInWords), "
          + "instead of \(base.drops.map(String.init).joined(separator: ", "))")
    } else if let first = chosen.drops.first, first > chosen.epochs {
      tell(
        "the learning rate never drops: \(chosen.epochs) epochs end before the first drop, at "
          + "epoch \(first); --epochs \(chosen.epochs) moves the drops")
    }
  }

  /// The recipe by which a run goes on; says what its number of epochs means.
  ///
  /// It is `chosen` or, where the epochs that are done had other rates than that gives them, has
  /// the drops that the run began with.
  func continuing(_ header: Checkpoint.Header, by chosen: Recipe, data: Dataset) -> Recipe {
    guard chosen.epochs != header.recipe.epochs else { return chosen }
    func isAllowed(_ recipe: Recipe) -> Bool {
      header.recipe.continues(
        as: recipe, epoch: header.position.epoch, step: header.position.step,
        stepsPerEpoch: recipe.stepsPerEpoch(images: data.train.count))
    }
    var kept = chosen
    kept.schedule = header.recipe.schedule
    let start =
      "\(chosen.epochs) epochs instead of the \(header.recipe.epochs) of the run's start: "
    if isAllowed(chosen) {
      tell(start + chosen.dropsInWords)
      return chosen
    }
    guard !setsSchedule, isAllowed(kept) else { return chosen }
    tell(start + "the drops stay where they were, as some are passed: \(kept.dropsInWords)")
    return kept
  }
}
