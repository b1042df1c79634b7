import ArgumentParser
import Autotuner
import DeviceRuntime
import Foundation
import Graph
import Models
import Training

/// The step that is measured, how it is tuned and on which device.
struct StepOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Images in a batch.") var batch = 32
  @Option(
    help: "Image size CxHxW; 3x32x32, or 3x224x224 for ImageNet's models, by default.",
    transform: ImageShape.init(parsing:))
  var image: ImageShape?
  @Option(
    parsing: .unconditional,
    help: "Number of classes; 10, or 1000 for ImageNet's models, by default.")
  var classes: Int?
  @OptionGroup(title: "Tuning") var tuningOptions: TuningOptions
  @OptionGroup(title: "Checks") var checkOptions: CheckOptions
  @OptionGroup(title: "Device") var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (1...100_000).contains(batch), (1...100_000).contains(classes ?? 1) else {
      throw ValidationError("--batch and --classes must be 1 to 100000")
    }
  }

  /// The configurations for a model's step, after a tuning where one is needed.
  ///
  /// A step that the device's memory does not hold is refused before the tuning.
  func chooser(
    for model: Model, mode: PlanMode = .training, on context: Context
  ) throws -> any ConfigurationChooser {
    Interrupt.install()
    // A measurement has nothing to save: behind the tuning, Ctrl-C ends it at once.
    defer { Interrupt.uninstall() }
    let network = model.network(
      image: image ?? model.usualImage, classes: classes ?? model.usualClasses)
    _ = try TrainingMemory.fitting(
      TrainingMemory.Task(
        network: network, batches: mode == .training ? [batch] : [],
        evaluationBatch: mode == .evaluation ? batch : 0),
      microBatch: batch, on: context, chooser: tuningOptions.chooser(for: context))
    return try tuningOptions.chooser(
      for: context, tuning: ModelTuning(network: network, batch: batch))
  }
}
