import ArgumentParser
import Autotuner
import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models

struct SummaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Shows a model's layers, parameters, multiply-adds and memory plan.",
    discussion: """
      The plan is that of a training step on any device with the memory; --device, or \
      WIDECL_MEMORY_LIMIT, plans for what there is: a batch that does not fit goes in parts.

      Example:
        widecl summary wrn-28-10 --data cifar10 --batch 128
      """)

  @Argument(help: "The model: \(ModelName.forms).") var model: String
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @Option(help: "Take image size and classes from this data set.") var data: String?
  @Option(
    help: "Image size CxHxW; 3x32x32, or 3x224x224 for ImageNet's models, by default.",
    transform: ImageShape.init(parsing:))
  var image: ImageShape?
  @Option(
    parsing: .unconditional,
    help: "Number of classes; 10, or 1000 for ImageNet's models, by default.")
  var classes: Int?
  @Option(parsing: .unconditional, help: "Images in a batch.") var batch = 128
  @Option(
    parsing: .unconditional,
    help: "At most so many images go through the network at once; by default as many as fit.")
  var microBatch: Int?
  @Option(help: "Plan for the memory of this device: an index or a part of its name.")
  var device: String?
  @Flag(name: .shortAndLong, help: "Show what the forward pass computes in one launch, too.")
  var verbose = false
  @Flag(help: "Print JSON.") var json = false

  struct Summary: Encodable {
    var model: String
    var parameters: Int
    var macs: Int
    var blocksPerGroup: BlocksPerGroup
    var batch: Int
    var microBatch: Int
    var image: String
    var classes: Int
    var activationBytes: Int
    var arenaBytes: Int
    var parameterBytes: Int
    var totalBytes: Int
    var layers: [Network.LayerSummary]
  }

  func validate() throws {
    guard (1...100_000).contains(batch) else {
      throw ValidationError("--batch must be 1 to 100000")
    }
    if let microBatch, microBatch < 1 {
      throw ValidationError("--micro-batch must be at least 1")
    }
    if let classes, !(1...100_000).contains(classes) {
      throw ValidationError("--classes must be 1 to 100000")
    }
    if data != nil && (image != nil || classes != nil) {
      throw ValidationError("give --data or --image and --classes, not both")
    }
  }

  func run() throws {
    let model = try modelOptions.model(named: model)
    var shape = image ?? model.usualImage
    var classes = classes ?? model.usualClasses
    if let data {
      guard let format = try DatasetName(parsing: data).format else {
        throw ValidationError(
          "how many classes \(data) has is not known: give --image and --classes")
      }
      shape = ImageShape(height: format.height, width: format.width, channels: format.channels)
      classes = format.classes
    }
    let network = model.network(image: shape, classes: classes)
    let memory = try TrainingMemory.fitting(
      TrainingMemory.Task(network: network, batches: [batch], evaluationBatch: 0),
      microBatch: microBatch, on: plannedDevice(), used: 0)
    let layers = network.layerSummaries
    let summary = Summary(
      model: model.name, parameters: network.parameterCount,
      macs: layers.reduce(0) { $0 + $1.macs }, blocksPerGroup: model.blocksPerGroup, batch: batch,
      microBatch: memory.microBatch, image: shape.description, classes: classes,
      activationBytes: memory.activationBytes,
      arenaBytes: memory.arenaBytes, parameterBytes: memory.parameterBytes,
      totalBytes: memory.totalBytes, layers: layers)
    if json { return try printJSON(summary) }
    printTable(summary)
  }

  /// The device to plan for; without a name one that has all that is asked for.
  private func plannedDevice() throws -> DeviceInfo {
    let environment = ProcessInfo.processInfo.environment
    return try (device.map { try DeviceManager().device(matching: $0).info } ?? .planning)
      .limited(to: memoryLimit(environment))
  }

  private func printTable(_ summary: Summary) {
    let width = max(5, summary.layers.map(\.name.count).max() ?? 0)
    func row(
      _ name: String, _ kind: String, _ output: String, _ parameters: String, _ macs: String,
      _ fused: String
    ) {
      print(
        name.padded(to: width) + "  " + kind.padded(to: 15) + "  " + output.padded(to: 12) + "  "
          + parameters.padded(to: 10, right: true) + "  " + macs.padded(to: 13, right: true)
          + (verbose && !fused.isEmpty ? "  " + fused : ""))
    }
    row("layer", "kind", "output CxHxW", "parameters", "multiply-adds", "fused")
    for layer in summary.layers {
      row(
        layer.name, layer.kind, layer.output, "\(layer.parameters)", "\(layer.macs)",
        layer.fused ?? "")
    }
    print(
      """

      \(summary.model) for \(summary.image), \(summary.classes) classes
      parameters      \(summary.parameters)
      multiply-adds   \(summary.macs) an image forward
      batch           \(summary.batch)\(split(summary))
      activations     \(mebibytes(summary.activationBytes)) if none shared memory
      arena           \(mebibytes(summary.arenaBytes)) as planned
      network         \(mebibytes(summary.parameterBytes)), with velocities and the gradients that a step keeps
      together        \(mebibytes(summary.totalBytes)), and the images
      """)
  }

  private func split(_ summary: Summary) -> String {
    summary.microBatch >= summary.batch
      ? ""
      : " in parts of at most \(summary.microBatch) images, each with its own statistics"
  }

  private func mebibytes(_ bytes: Int) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }
}

extension String {
  /// The text filled with blanks to `width` columns.
  func padded(to width: Int, right: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - count))
    return right ? blanks + self : self + blanks
  }
}

extension ImageShape {
  /// Reads CxHxW.
  init(parsing text: String) throws {
    let numbers = text.lowercased().split(separator: "x", omittingEmptySubsequences: false)
      .map { Int($0) ?? 0 }
    guard numbers.count == 3, numbers.allSatisfy({ (1...4096).contains($0) }) else {
      throw ValidationError("'\(text)' is no image size; write CxHxW, such as 3x32x32")
    }
    self.init(height: numbers[1], width: numbers[2], channels: numbers[0])
  }
}
