import ArgumentParser
import Datasets
import Foundation
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures a checkpoint on a data set's test images.")

  @Argument(help: "The checkpoint, a file that 'widecl train' wrote.") var checkpoint: String
  @OptionGroup var dataOptions: DataOptions
  @Option(parsing: .unconditional, help: "Images in a batch.") var batch = 128
  @Option(parsing: .unconditional, help: "Use only the first N test images.") var limit: Int?
  @OptionGroup var orientationOptions: OrientationOptions
  @OptionGroup var tuningOptions: TuningOptions
  @OptionGroup var checkOptions: CheckOptions
  @OptionGroup var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  struct Result: Encodable {
    var images: Int
    var loss: Double
    var error: Double
  }

  func validate() throws {
    guard (1...100_000).contains(batch) else {
      throw ValidationError("--batch must be 1 to 100000")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    var checkpoint = try Checkpoint(contentsOf: checkpoint)
    orientationOptions.apply(to: &checkpoint.header)
    var data = try dataOptions.load(for: checkpoint.header)
    checkpoint.header.tellOtherFiles(than: data)
    if let limit { data = data.prefix(limit) }
    let context = try deviceOptions.makeContext()
    let metrics = try checkpoint.evaluate(
      on: data, file: self.checkpoint, batch: batch, context: context,
      chooser: tuningOptions.chooser(for: context), checks: checkOptions.checks())
    if json {
      return try printJSON(
        Result(images: metrics.images, loss: metrics.loss, error: metrics.error))
    }
    print("images    \(metrics.images)")
    print("loss      \(String(format: "%.4f", metrics.loss))")
    print("error     \(String(format: "%.2f", metrics.error)) %")
    print("accuracy  \(String(format: "%.2f", 100 - metrics.error)) %")
  }
}
