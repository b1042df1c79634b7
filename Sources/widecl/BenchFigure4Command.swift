import ArgumentParser
import DeviceRuntime
import Foundation
import Graph
import Models
import Training

struct BenchFigure4Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figure4",
    abstract: "Measures the training steps of the paper's Figure 4 on this device.",
    discussion: """
      The paper's numbers are of a Titan X with cuDNN v5 and batches of 32; ours are medians of \
      forward, backward and update.

      Example:
        widecl bench figure4 --steps 3
      """)

  @Option(parsing: .unconditional, help: "Steps that are measured, after two that are not.")
  var steps = 5
  @OptionGroup var options: StepOptions

  struct Row: Encodable {
    var network: String
    var paperMs: Double
    var built: Bool
    var batch: Int
    /// The median step; nil where the network is not built yet.
    var ms: Double?
    var device: String
  }

  func validate() throws {
    guard (1...100_000).contains(steps) else {
      throw ValidationError("--steps must be 1 to 100000")
    }
  }

  func run() throws {
    let context = try options.deviceOptions.makeContext()
    let rows = try Figure4.networks.map { network in
      Row(
        network: network.title, paperMs: network.paperMs, built: network.model != nil,
        batch: options.batch, ms: try network.model.map { try milliseconds(of: $0, on: context) },
        device: context.info.name)
    }
    if options.json { return try printJSON(rows) }
    print("forward, backward and update, batch \(options.batch), on \(context.info.name)")
    print("network       Titan X, batch 32     this device")
    for row in rows {
      let ours = row.ms.map { String(format: "%.1f ms", $0) } ?? "not built yet"
      print(
        row.network.padded(to: 14)
          + String(format: "%.0f ms", row.paperMs).padded(to: 17, right: true)
          + ours.padded(to: 16, right: true))
    }
  }

  private func milliseconds(of name: String, on context: Context) throws -> Double {
    let model = try ModelName(parsing: name).model()
    let chooser = try options.chooser(for: model, on: context)
    tell("measuring \(name)")
    return try StepBenchmark(
      model: model, image: options.image ?? model.usualImage,
      classes: options.classes ?? model.usualClasses, batch: options.batch
    ).run(
      steps: steps, on: context, chooser: chooser, checks: options.checkOptions.checks()
    ).medianS * 1e3
  }
}
