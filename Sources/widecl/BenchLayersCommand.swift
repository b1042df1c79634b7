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

      %FMA, %L2, %DRAM and %launch are what each resource alone would take of the time at the \
      device's measured peak: the multiply-adds that the algorithm makes, the bytes between the \
      cores and their second caches, the bytes from and to memory, the launches. Bytes are \
      computed from the tiling, not measured; "-" where they are not counted.

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
    var peakCacheGbs: Double
    var launchUs: Double
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
          peakGflops: peaks.gflops, peakGbs: peaks.gbs, peakCacheGbs: peaks.cacheGbs,
          launchUs: peaks.launchUs, rows: rows))
    }
    print("\(model.name), batch \(options.batch), on \(context.info.name)")
    print("peak \(peaks.text)")
    printTable(rows)
  }

  /// A line for each layer, above one for each of its passes; no wider than 100 columns.
  private func printTable(_ rows: [LayerBenchmark.Row]) {
    let convolutions = rows.filter(\.isConvolution)
    let others = rows.filter { !$0.isConvolution }
    let configurationWidth = max(13, convolutions.map(\.configuration.count).max() ?? 0)
    let title = "  " + "pass".padded(to: 7) + " " + "configuration".padded(to: configurationWidth)
    func line(_ start: String, _ numbers: [String]) {
      print(
        start.padded(to: title.count)
          + zip(numbers, [9, 8, 5, 5, 6, 8]).map { $0.padded(to: $1, right: true) }.joined())
    }
    func numbers(_ row: LayerBenchmark.Row) -> [String] {
      [String(format: "%.3f", row.ms), String(format: "%.1f", row.gflops)]
        + [row.percentOfFma, row.percentOfCache, row.percentOfMemory, row.percentOfLaunch].map {
          $0.map { String(format: "%.0f", $0) } ?? "-"
        }
    }
    line(title, ["ms", "GFLOP/s", "%FMA", "%L2", "%DRAM", "%launch"])
    var layer: String?
    for row in convolutions {
      if row.layer != layer { print("\(row.layer)  \(row.problem)") }
      layer = row.layer
      let pass = row.pass.split(separator: "_").last.map(String.init) ?? row.pass
      line("  \(pass.padded(to: 7)) \(row.configuration)", numbers(row))
    }
    print("other operations, each summed over its layers:")
    for row in others { line("  \(row.operation), \(row.pass)", numbers(row)) }
    let sum = rows.reduce(0) { $0 + $1.ms }
    let rest = others.reduce(0) { $0 + $1.ms }
    print(
      String(
        format: "convolutions %.2f ms, other operations %.2f ms, together %.2f ms", sum - rest,
        rest, sum))
  }
}
