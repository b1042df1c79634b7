import ArgumentParser
import Autotuner
import Datasets
import DeviceRuntime
import Experiments
import Foundation
import Graph
import Models
import Spelling
import Training

struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Runs an experiment of the paper, its numbers beside ours.",
    discussion: """
      Says first what will be run, and about how long it takes. Each row trains into a folder of \
      its own; Ctrl-C saves the state, and the same command continues. The output folder gets \
      result.txt, .md, .csv and .json, and curves.csv. --plan needs no data and runs nothing. Of \
      Figure 4 see 'widecl bench figure4'.

      Example:
        widecl reproduce table2 --data cifar10 --rows wrn-16-8 --epochs 20
      """)

  @Argument(help: "table1 to table9, figure2 or figure3.") var experiment: String
  @Option(help: "The data set; see 'widecl data list'.") var data = "cifar10"
  @Option(help: "The folder it lies in; searched for by default.") var dataPath: String?
  @Option(help: "The recipe, instead of the paper's for the data set.") var recipe: String?
  @Option(
    parsing: .unconditional,
    help: "Epochs, instead of the recipe's; drops of the learning rate move in proportion.")
  var epochs: Int?
  @Option(parsing: .unconditional, help: "Images a step, instead of the recipe's.") var batch: Int?
  @Option(parsing: .unconditional, help: "The base learning rate, instead of the recipe's.")
  var lr: Double?
  @Option(
    parsing: .unconditional, help: "Runs a row, instead of the paper's number; the median counts.")
  var runs: Int?
  @Option(parsing: .unconditional, help: "Use only the first N training and test images.")
  var limit: Int?
  @Option(parsing: .unconditional, help: "The seed of the first run.") var seed: UInt64 = 1
  @Option(
    help: ArgumentHelp(
      "Only these rows: numbers from 1 and parts of names, such as 1,3,wrn-16.",
      valueName: "selection"))
  var rows: String?
  @Option(help: "The folder for rows and result.") var output: String?
  @Flag(help: "Say what would be run, and stop.") var plan = false
  @OptionGroup(title: "Tuning") var tuningOptions: TuningOptions
  @OptionGroup(title: "Checks") var checkOptions: CheckOptions
  @OptionGroup(title: "Device") var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if let runs, !(1...1000).contains(runs) { throw ValidationError("--runs must be 1 to 1000") }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    _ = try PaperTable.named(experiment)?.rows(selected: rows)
    if PaperTable.named(experiment) == nil && experiment != "table1" {
      let names = ["table1"] + PaperTable.all.map(\.name)
      let question = Spelling.question(experiment, among: names)
      throw ValidationError(
        "'\(experiment)' is no experiment here"
          + (experiment == "figure4"
            ? "; use 'widecl bench figure4'"
            : "\(question); choose one of \(names.joined(separator: ", "))"))
    }
  }

  func run() throws {
    guard let table = PaperTable.named(experiment) else { return try printArchitecture() }
    let selected = try table.rows(selected: rows)
    let name = try DatasetName(parsing: data).description
    let settings = try StudySettings(
      table: table, data: name, base: try recipe.map { try Recipe.named($0) }, epochs: epochs,
      batch: batch, learningRate: lr, limit: limit, seed: seed)
    let folder = output ?? "runs/\(table.name)-\(name.replacing(":", with: "-"))"
    if self.plan {
      let plan = StudyPlan(
        table: table, rows: selected, settings: settings, runs: runs ?? table.runs,
        folder: folder, images: try plannedImages())
      try settings.recipe.check(images: plan.images.train)
      return try show(plan)
    }
    let dataset = try loadDataset(data, path: dataPath)
    let images = StudyImages(of: dataset, limit: limit)
    let context = try deviceOptions.makeContext()
    try checkFiles(of: limit.map { dataset.prefix($0) } ?? dataset, training: true)
    try settings.recipe.check(images: images.train)
    let study = Study(
      StudyPlan(
        table: table, rows: selected, settings: settings, runs: runs ?? table.runs,
        folder: folder, images: images),
      data: dataset, dataPath: try datasetFolder(data, path: dataPath), context: context,
      whitenings: whitenings())
    // Held to the end: two processes must not run one study.
    let lock = try RunFolder(folder, resume: true)
    defer { withExtendedLifetime(lock) {} }
    try settings.claim(folder: folder)
    tell(try study.plan.text)
    let remainders = try study.plan.measured(
      on: context, chooser: tuningOptions.chooser(for: context), report: tell)
    tell(times(of: remainders, on: context).joined(separator: "\n"))
    Interrupt.install(answer: Interrupt.answerOfTraining)
    let outcome = try study.run(
      command: typedCommand, chooser: { try tuningOptions.chooser(for: context, tuning: $0) },
      algorithms: tuningOptions.algorithms, distrust: userDistrust(),
      checks: checkOptions.checks(), report: tell,
      stop: { Interrupt.isRequested })
    if case .interrupted = outcome { throw ExitCode(Interrupt.exitStatus) }
    let result = try study.result()
    print(json ? result.json : result.text, terminator: json ? "\n" : "")
  }

  /// What the images are like: known by the data set's name, or read from its folder.
  private func plannedImages() throws -> StudyImages {
    if let images = StudyImages(of: try DatasetName(parsing: data), limit: limit) { return images }
    return StudyImages(of: try loadDataset(data, path: dataPath), limit: limit)
  }

  /// The plan at once, then its times as a device tells them.
  private func show(_ plan: StudyPlan) throws {
    if !json { print(try plan.text) }
    WideCLCommand.finishOutput()
    let context = try deviceOptions.makeContext()
    let remainders = try plan.measured(
      on: context, chooser: tuningOptions.chooser(for: context), report: tell)
    if json { return try printJSON(remainders) }
    print(times(of: remainders, on: context).joined(separator: "\n"))
  }

  private func times(of remainders: [StudyPlan.Remainder], on context: Context) -> [String] {
    let lines = remainders.map { row in
      row.network.padded(to: 28) + (row.seconds.map { "about \(duration($0))" } ?? row.status)
    }
    let total = remainders.compactMap(\.seconds).reduce(0, +)
    return ["time on \(context.info.name)"] + lines
      + ["in all".padded(to: 28) + "about \(duration(total))"]
  }

  private func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<120: String(format: "%.0f s", seconds)
    case ..<7200: String(format: "%.0f min", seconds / 60)
    case ..<172_800: String(format: "%.1f h", seconds / 3600)
    default: String(format: "%.1f days", seconds / 86400)
    }
  }

  /// Table 1 for the data set's images: groups, blocks and shapes of WRN-28-10.
  private func printArchitecture() throws {
    struct Group: Encodable {
      var group: String
      var output: String
      var blocks: String
      var example: String
    }
    guard let format = try DatasetName(parsing: data).format else {
      throw ValidationError("'\(data)' has images of its own size; give the name of a data set")
    }
    let image = ImageShape(
      height: format.height, width: format.width, channels: format.channels)
    let layers = try ModelName(parsing: "wrn-28-10").model()
      .network(image: image, classes: format.classes).layerSummaries
    let groups: [(String, String, String)] = [
      ("conv1", "[3x3, 16]", "conv0"),
      ("conv2", "[3x3, 16k; 3x3, 16k] x N", "group0."),
      ("conv3", "[3x3, 32k; 3x3, 32k] x N", "group1."),
      ("conv4", "[3x3, 64k; 3x3, 64k] x N", "group2."),
    ]
    let rows =
      groups.map { name, blocks, prefix in
        let output = layers.last { $0.name.hasPrefix(prefix) }?.output ?? ""
        return Group(
          group: name, output: output.split(separator: "x").dropFirst().joined(separator: "x"),
          blocks: blocks, example: output)
      } + [Group(group: "avg-pool", output: "1x1", blocks: "whole map", example: "640x1x1")]
    if json { return try printJSON(rows) }
    print("table1: WRN-n-k with B(3,3), n = 6N + 4, on \(data)")
    print(
      "group".padded(to: 10) + "output".padded(to: 8) + "blocks".padded(to: 28) + "of WRN-28-10")
    for row in rows {
      print(
        row.group.padded(to: 10) + row.output.padded(to: 8) + row.blocks.padded(to: 28)
          + row.example)
    }
  }
}

extension PaperTable {
  /// The rows that a selection names, in the table's order; all without one.
  func rows(selected selection: String?) throws -> [Row] {
    guard let selection else { return rows }
    var chosen: Set<Int> = []
    for part in selection.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
      let matches = rows.indices.filter { index in
        Int(part).map { $0 == index + 1 }
          ?? (!part.isEmpty
            && (rows[index].key.contains(part) || rows[index].title.lowercased().contains(part)))
      }
      if matches.isEmpty {
        throw ValidationError(
          "no row of \(name) is called '\(part)'; "
            + "they are \(rows.map(\.key).joined(separator: ", "))")
      }
      chosen.formUnion(matches)
    }
    return chosen.sorted().map { rows[$0] }
  }
}
