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
      """)

  @Argument(help: "The model: \(ModelName.forms).") var model: String
  @OptionGroup var modelOptions: ModelOptions
  @Option(parsing: .unconditional, help: "Images in a batch.") var batch = 32
  @Option(parsing: .unconditional, help: "Steps that are measured, after two that are not.")
  var steps = 5
  @Option(
    help: "Image size CxHxW; 3x32x32, or 3x224x224 for ImageNet's models, by default.",
    transform: ImageShape.init(parsing:))
  var image: ImageShape?
  @Option(
    parsing: .unconditional,
    help: "Number of classes; 10, or 1000 for ImageNet's models, by default.")
  var classes: Int?
  @OptionGroup var tuningOptions: TuningOptions
  @OptionGroup var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  private struct Report: Encodable {
    var model: String
    var batch: Int
    var device: String
    var peakGflops: Double
    var peakGbs: Double
    var rows: [LayerBenchmark.Row]
  }

  func validate() throws {
    guard (1...100_000).contains(batch), (1...100_000).contains(steps),
      (1...100_000).contains(classes ?? 1)
    else { throw ValidationError("--batch, --steps and --classes must be 1 to 100000") }
  }

  func run() throws {
    Interrupt.install()
    let context = try deviceOptions.makeContext()
    let model = try modelOptions.model(named: model)
    let image = image ?? model.usualImage
    let classes = classes ?? model.usualClasses
    let chooser = try tuningOptions.chooser(
      for: context,
      tuning: ModelTuning(network: model.network(image: image, classes: classes), batch: batch))
    // A measurement has nothing to save: Ctrl-C ends it at once.
    Interrupt.uninstall()
    let peaks = try DevicePeaks.measure(on: context)
    let rows = try LayerBenchmark(
      model: model, image: image, classes: classes, batch: batch
    ).run(steps: steps, on: context, peaks: peaks, chooser: chooser)
    if json {
      return try printJSON(
        Report(
          model: model.name, batch: batch, device: context.info.name, peakGflops: peaks.gflops,
          peakGbs: peaks.gbs, rows: rows))
    }
    print("\(model.name), batch \(batch), on \(context.info.name)")
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
      print(start + zip(numbers, [9, 8, 7, 7, 7]).map { $0.padded(to: $1, right: true) }.joined())
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
