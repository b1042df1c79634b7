import ArgumentParser
import DeviceRuntime
import Foundation
import Graph
import Models
import Operators
import Training

struct BenchLayersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layers",
    abstract: "Measures each convolution of a training step, pass by pass.",
    discussion: """
      GFLOP/s count the multiply-adds of the problem, not of the algorithm: Winograd's may exceed \
      the device's peak.

      Example:
        widecl bench layers wrn-16-4 --batch 128
      """)

  @Argument(help: "The model: \(ModelName.forms).") var model: String
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @Option(parsing: .unconditional, help: "Steps that are measured, after two that are not.")
  var steps = 5
  @OptionGroup var options: StepOptions

  private struct Report: Encodable {
    var model: String
    var batch: Int
    var device: String
    var peakGflops: Double
    var peakGbs: Double
    var rows: [LayerBenchmark.Row]
  }

  func validate() throws {
    guard (1...100_000).contains(steps) else {
      throw ValidationError("--steps must be 1 to 100000")
    }
  }

  func run() throws {
    let context = try options.deviceOptions.makeContext()
    let model = try modelOptions.model(named: model)
    let chooser = try options.chooser(for: model, on: context)
    let peaks = try DevicePeaks.measure(on: context)
    let rows = try LayerBenchmark(
      model: model, image: options.image ?? model.usualImage,
      classes: options.classes ?? model.usualClasses, batch: options.batch
    ).run(
      steps: steps, on: context, peaks: peaks, chooser: chooser,
      checks: options.checkOptions.checks())
    if options.json {
      return try printJSON(
        Report(
          model: model.name, batch: options.batch, device: context.info.name,
          peakGflops: peaks.gflops,
          peakGbs: peaks.gbs, rows: rows))
    }
    print("\(model.name), batch \(options.batch), on \(context.info.name)")
    print(String(format: "peak %.1f GFLOP/s, %.1f GB/s", peaks.gflops, peaks.gbs))
    printTable(rows)
  }

  private func printTable(_ rows: [LayerBenchmark.Row]) {
    let convolutions = rows.filter(\.isConvolution)
    let others = rows.filter { !$0.isConvolution }
    let layerWidth = max(5, convolutions.map(\.layer.count).max() ?? 0)
    let configurationWidth = max(13, convolutions.map(\.configuration.count).max() ?? 0)
    func columns(_ layer: String, _ pass: String, _ configuration: String) -> String {
      layer.padded(to: layerWidth) + " " + pass.padded(to: 7) + " "
        + configuration.padded(to: configurationWidth)
    }
    func line(_ start: String, _ numbers: [String]) {
      print(start + zip(numbers, [8, 8, 6, 6, 6]).map { $0.padded(to: $1, right: true) }.joined())
    }
    func numbers(_ row: LayerBenchmark.Row) -> [String] {
      [String(format: "%.3f", row.ms)]
        + [row.gflops, row.gbs, row.percentOfPeak, row.percentOfPeakGbs].map {
          String(format: "%.1f", $0)
        }
    }
    let title = columns("layer", "pass", "configuration")
    line(title, ["ms", "GFLOP/s", "GB/s", "%FLOP", "%GB"])
    for row in convolutions {
      let pass = row.pass.split(separator: "_").last.map(String.init) ?? row.pass
      line(columns(row.layer, pass, row.configuration), numbers(row))
    }
    print("other operations, each summed over its layers:")
    for row in others {
      line("\(row.operation), \(row.pass)".padded(to: title.count), numbers(row))
    }
    let sum = rows.reduce(0) { $0 + $1.ms }
    let rest = others.reduce(0) { $0 + $1.ms }
    print(
      String(
        format: "convolutions %.2f ms, other operations %.2f ms, together %.2f ms", sum - rest,
        rest, sum))
  }
}
