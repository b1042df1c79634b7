import ArgumentParser
import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models
import Training

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures speed.",
    subcommands: [BenchStepCommand.self, BenchLayersCommand.self, BenchFigure4Command.self])
}

struct BenchStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Measures a training step: forward, backward and update; or inference.",
    discussion: """
      Example:
        widecl bench step wrn-16-4 --batch 128
      """)

  @Argument(help: "The model: \(ModelName.forms).") var model: String
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @Option(parsing: .unconditional, help: "Steps that are measured, after two that are not.")
  var steps = 10
  @Flag(help: "Measure the forward pass in evaluation mode instead.") var inference = false
  @OptionGroup var options: StepOptions

  func validate() throws {
    guard (1...100_000).contains(steps) else {
      throw ValidationError("--steps must be 1 to 100000")
    }
  }

  func run() throws {
    let context = try options.deviceOptions.makeContext()
    let model = try modelOptions.model(named: model)
    let mode: PlanMode = inference ? .evaluation : .training
    let chooser = try options.chooser(for: model, mode: mode, on: context)
    let result = try StepBenchmark(
      model: model, image: options.image ?? model.usualImage,
      classes: options.classes ?? model.usualClasses, batch: options.batch,
      mode: mode
    ).run(
      steps: steps, on: context, chooser: chooser, checks: options.checkOptions.checks())
    if options.json { return try printJSON(result) }
    func milliseconds(_ seconds: Double) -> String { String(format: "%.2f ms", seconds * 1e3) }
    print("\(result.model), batch \(result.batch), on \(result.device)")
    print("median          \(milliseconds(result.medianS))")
    print("fastest         \(milliseconds(result.minS))")
    print("images/s        \(String(format: "%.1f", result.imagesPerSecond))")
    print("GFLOP/s         \(String(format: "%.1f", result.effectiveGflops))")
    print("kernels         \(milliseconds(result.kernelS)) of the median step")
    print(
      "between steps   \(milliseconds(result.gapS)) from a step's last kernel to the next's first")
    print("device memory   \(result.peakDeviceBytes >> 20) MiB at most")
    print("by operation, ms a step:")
    for row in result.operations {
      print(
        "  " + row.name.padded(to: 26) + String(format: "%8.3f", row.seconds * 1e3)
          + String(format: "  %5.1f %%", 100 * row.seconds / max(result.kernelS, 1e-12)))
    }
  }
}
