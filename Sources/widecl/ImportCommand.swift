import ArgumentParser
import Datasets
import Files
import Foundation
import Graph
import Models
import Training

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Makes a checkpoint of weights from PyTorch.",
    discussion: """
      The weights are a safetensors file, or the index of several, with the layouts of a PyTorch \
      state dict and the names that 'widecl export --format torch' writes, or torchvision's or \
      timm's for the same networks. Numbers of 16 and 64 bits become 32 bits; the prefixes \
      'module.' and '_orig_mod.' are taken off. What images they are for is taken from --data, \
      else from the file's metadata, else from the numbers of channels and classes. Written to \
      DIR/checkpoint-last.safetensors, 'widecl train --resume DIR' goes on from it.

      Example:
        widecl import resnet50.safetensors --model resnet-50 --data imagenet
      """)

  @Argument(help: "The weights, a safetensors file.") var file: String
  @Option(help: "The model: \(ModelName.forms).") var model: String
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @Option(help: "The data set that the weights are for.") var data: String?
  @Option(help: "The folder it lies in, to take the classes' names from it.")
  var dataPath: String?
  @Option(
    help: ArgumentHelp(
      "The recipe to train by: \(Recipe.names.joined(separator: ", ")), or a JSON file.",
      valueName: "name-or-file"))
  var recipe = "cifar"
  @Option(parsing: .unconditional, help: "The seed of everything random.") var seed: UInt64 = 1
  @Option(help: "The checkpoint to write; beside the file by default.") var output: String?

  func validate() throws {
    if dataPath != nil && data == nil { throw ValidationError("give --data with --data-path") }
  }

  func run() throws {
    let path = output ?? withoutEnding(file) + "-checkpoint.safetensors"
    let recipe = try readRecipe(recipe)
    var model = try modelOptions.model(named: model)
    model.unitGamma = recipe.gammaInitialization == .one
    let weights = try ForeignWeights(contentsOf: file, model: model)
    weights.notes.forEach { tell("\(file): \($0)") }
    guard !isFile(path) else {
      throw TrainingError(
        .cannotWrite, path, why: "it exists already", advice: "choose another --output")
    }
    var images = try images(of: weights, recipe: recipe)
    // The network's own, whatever the order of the data's.
    if let names = weights.classNames {
      if let others = images.classNames, others != names {
        tell("the classes' names are those of \(file); \(images.data) has others or another order")
      }
      images.classNames = names
    }
    let checkpoint = try Checkpoint(
      header: Checkpoint.Header(model: model, images: images, recipe: recipe, seed: seed),
      weights: weights)
    try checkpoint.write(to: path)
    printPath(path)
  }

  /// Whether a file is there that would be replaced.
  private func isFile(_ path: String) -> Bool {
    guard case .file? = try? Destination(path) else { return false }
    return FileManager.default.fileExists(atPath: path)
  }

  /// What the weights are for: what the user says, else the file, else its shapes.
  private func images(of weights: ForeignWeights, recipe: Recipe) throws -> ImageDescription {
    if let data { return try images(of: DatasetName(parsing: data), weights, recipe) }
    if let images = weights.images { return images }
    let usual: [DatasetName] = [
      .fashionMNIST, .cifar10, .cifar100, .imagenet(size: DatasetName.usualImageNetSize),
    ]
    let fitting = usual.first { name in
      name.format?.channels == weights.channels && name.format?.classes == (weights.classes ?? 0)
    }
    guard let fitting else {
      throw ValidationError("give --data: the file does not say what images its weights are for")
    }
    tell("taken for weights for \(fitting), its size and normalisation; --data says otherwise")
    return try images(of: fitting, weights, recipe)
  }

  private func images(
    of name: DatasetName, _ weights: ForeignWeights, _ recipe: Recipe
  ) throws -> ImageDescription {
    if dataPath == nil, data.flatMap({ DatasetName.folder(in: $0) }) == nil,
      let images = ImageDescription(of: name, classes: (weights.classes ?? 0), recipe: recipe)
    {
      return images
    }
    return ImageDescription(
      of: try loadDataset(data ?? name.description, path: dataPath), recipe: recipe)
  }
}
