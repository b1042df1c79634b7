import ArgumentParser
import Autotuner
import DeviceRuntime
import Files
import Foundation
import Graph
import Models
import Operators
import Training

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Finds the fastest algorithm and tiling of each layer on a device.",
    discussion: """
      Results go into tuning.json in the cache folder, where train, evaluate and bench find them.
      Ctrl-C keeps what is found; the same command goes on from there.

      On GPUs CLBlast's own parameters come first; on CPUs, which gain little by them, only with \
      --op matrix_product. Convolutions that have a result keep it; --again measures them anew.

      Example:
        widecl tune wrn-16-4 --budget 10m
      """)

  @Argument(help: "Models: \(ModelName.forms). Default: wrn-16-4 and wrn-28-10.")
  var models: [String] = []
  @OptionGroup(title: "Model") var modelOptions: ModelOptions
  @Option(
    help: "Images in a batch; the recipe's, 128 or 256 for ImageNet's models, by default.")
  var batch: Int?
  @Option(
    help: "Image size CxHxW; 3x32x32, or 3x224x224 for ImageNet's models, by default.",
    transform: ImageShape.init(parsing:))
  var image: ImageShape?
  @Option(help: "Number of classes; 10, or 1000 for ImageNet's models, by default.")
  var classes: Int?
  @Option(
    help: ArgumentHelp("How long it takes at most, such as 90s, 10m or 2h.", valueName: "time"),
    transform: parseSeconds)
  var budget: Double = 600
  @Option(help: "Only operations whose name contains this.") var op: String?
  @Option(help: "all, or direct for exact algorithms only.") var algorithms: Algorithms = .all
  @Flag(help: "Also what has a result already.") var again = false
  @Flag(help: "Try every candidate, not only the promising ones of large spaces.")
  var exhaustive = false
  @Option(
    help: ArgumentHelp(
      "End a candidate that gives no sign of life for so long.", valueName: "time"),
    transform: parseSeconds)
  var timeout: Double = 60
  @Flag(help: "Show the results there are.") var list = false
  @Option(help: "Write the user's results to a file.") var export: String?
  @Option(name: .customLong("import"), help: "Take over the results in a file.")
  var importFile: String?
  @Flag(help: "Forget the user's results, and what crashed or was found wrong.") var clear = false
  @OptionGroup(title: "Device") var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: .hidden) var worker = false
  @Flag(help: .hidden) var compiler = false

  func validate() throws {
    guard (1...100_000).contains(batch ?? 1), (1...100_000).contains(classes ?? 1) else {
      throw ValidationError("--batch and --classes must be 1 to 100000")
    }
    let actions = [list, clear, export != nil, importFile != nil].count { $0 }
    if actions > 1 {
      throw ValidationError("give one of --list, --export, --import and --clear")
    }
    if actions > 0 && !models.isEmpty {
      throw ValidationError("--list, --export, --import and --clear take no models")
    }
  }

  func run() throws {
    if worker { return try runTuningWorker(deviceOptions) }
    if compiler { return try runCompilingWorker(deviceOptions) }
    let store = try requiredUserStore()
    if list { return try printList(store) }
    if clear { return try store.clear() }
    if let export { return try write(store, to: export) }
    if let importFile { return try read(importFile, into: store) }
    try tune(store)
  }

  // MARK: - Tuning

  fileprivate struct Report: Encodable {
    struct Row: Encodable {
      var configuration: String
      var status: String
      var seconds: Double?
      var reason: String?
    }

    struct Result: Encodable {
      var operation: String
      var problem: String
      var configuration: String?
      var seconds: Double?
      var defaultSeconds: Double?
      var speedup: Double?
      var gflops: Double
      var gigabytesPerSecond: Double
      var candidates: Int
      var complete: Bool
      var rows: [Row]
    }

    var device: String
    var driver: String
    var finished: Bool
    var results: [Result] = []
  }

  private func tune(_ store: TuningStore) throws {
    let tunings = try (models.isEmpty ? ["wrn-16-4", "wrn-28-10"] : models).map {
      let model = try modelOptions.model(named: $0)
      let recipe = model.usualImage.height > 32 ? Recipe.imagenet : .cifar
      return ModelTuning(
        network: model.network(
          image: image ?? model.usualImage, classes: classes ?? model.usualClasses),
        batch: batch ?? recipe.batchSize)
    }
    Interrupt.install()
    let context = try deviceOptions.makeContext()
    let content = store.load()
    for complaint in content.complaints { tell("widecl: \(complaint)") }
    let chooser = TunedChooser(
      [content.database, TuningDatabase(shippedWith: context.kernels)], algorithms: algorithms,
      distrust: store.distrust)
    let instances = tunings.flatMap { $0.instances(on: context.info, choosing: chooser) }
    let all = try
      (productTasks(on: context.info)
      + TuningTask.tasks(of: instances, on: context.info)).filter {
        op.map($0.operation.contains) ?? true
      }
    var tasks = all
    if !again {
      tasks = try TunedChooser(
        [content.database], algorithms: algorithms, distrust: store.distrust
      ).unfinished(all, among: allOperations, on: context.info)
    }
    let known = all.count - tasks.count
    if known > 0 { tell("\(known) of \(all.count) shapes have results; --again tunes them too") }
    var report = Report(
      device: context.info.name, driver: context.info.driver, finished: true)
    let outcome = try runTuning(
      TuningWork(
        tasks: tasks, seconds: budget, algorithms: algorithms, isExhaustive: exhaustive),
      store: store, device: context.device.index, timeout: timeout
    ) { result in
      report.results.append(Report.Result(result))
      if !json { print(result.summary) }
    }
    let left = tasks.count - report.results.count
    report.finished = left == 0 && report.results.allSatisfy(\.complete)
    if json { try printJSON(report) }
    switch outcome {
    case .finished:
      if !report.finished {
        tell("the time is over; the same command goes on (\(left) shapes not begun)")
      }
    case .stopped:
      tell("interrupted; \(report.results.count) results are kept in \(store.path)")
      throw ExitCode(Interrupt.exitStatus)
    case .failed(let status): throw ExitCode(status)
    case .crashed(let signal):
      tell("widecl: tuning: the process died of signal \(signal); report it")
      throw ExitCode(70)
    }
  }

  /// CLBlast's parameters, before the convolutions that are measured with them.
  ///
  /// On a CPU only where `--op` asks: the defaults there use no product.
  private func productTasks(on device: DeviceInfo) throws -> [TuningTask] {
    guard device.kind != .cpu || op != nil else { return [] }
    return try TuningTask.tasks(
      of: [Instance(MatrixProduct.self, MatrixProduct.Problem.networks)], on: device)
  }

  // MARK: - Files

  private func printList(_ store: TuningStore) throws {
    let content = store.load()
    for complaint in content.complaints { tell("widecl: \(complaint)") }
    let lines = content.database.devices.map { results in
      (
        results.device.name, results.device.driver,
        results.entries.compactMap { entry in listed(entry).map { (entry, $0) } }
      )
    }
    if json {
      struct Item: Encodable {
        var device: String
        var driver: String
        var operation: String
        var problem: String
        var configuration: String
        var seconds: Double
        var gflops: Double
        var gigabytesPerSecond: Double
      }
      return try printJSON(
        lines.flatMap { device, driver, entries in
          entries.map { entry, text in
            Item(
              device: device, driver: driver, operation: entry.operation, problem: text.problem,
              configuration: text.configuration, seconds: entry.seconds, gflops: entry.gflops,
              gigabytesPerSecond: entry.gigabytesPerSecond)
          }
        })
    }
    for (device, driver, entries) in lines {
      print("\(device), driver \(driver)")
      for (entry, text) in entries {
        print(
          "  \(entry.operation) [\(text.problem)] -> \(text.configuration)"
            + String(format: "  %.3f ms", entry.seconds * 1e3)
            + String(format: "  %.1f GFLOP/s  %.1f GB/s", entry.gflops, entry.gigabytesPerSecond))
      }
    }
    let journal = Journal.content(of: store.journal)
    for (title, keys) in [("not tried again", journal.blacklist), ("found wrong", journal.wrong)] {
      for key in keys.sorted(by: { "\($0)" < "\($1)" }) {
        print("\(title) on \(key.device): \(key.operation) [\(key.problem)] \(key.configuration)")
      }
    }
  }

  /// Problem and configuration as people read them; nil where no operation of this version fits.
  private func listed(_ entry: TuningEntry) -> (problem: String, configuration: String)? {
    func text<Operation: TunableOperation>(
      _ operation: Operation.Type
    ) -> (problem: String, configuration: String)? {
      entry.decoded(as: operation).map { ("\($0.problem)", "\($0.configuration)") }
    }
    for operation in allOperations where operation.name == entry.operation {
      return text(operation)
    }
    return nil
  }

  private func write(_ store: TuningStore, to path: String) throws {
    let content = store.load()
    for complaint in content.complaints { tell("widecl: \(complaint)") }
    try AtomicFile.write([content.database.json], to: path)
  }

  private func read(_ path: String, into store: TuningStore) throws {
    let database = try readTuningFile(path)
    let count = database.devices.reduce(0) { $0 + $1.entries.count }
    let usable = database.devices.reduce(0) { $0 + $1.entries.count { listed($0) != nil } }
    guard count == 0 || usable > 0 else {
      throw TuningError(
        .badData, path, why: "none of its \(count) results fits this version's operations",
        advice: "tune again")
    }
    try store.save(database)
    tell("\(usable) results for \(database.devices.map(\.device.name).joined(separator: ", "))")
    if usable < count { tell("\(count - usable) do not fit this version and are not used") }
  }
}

extension TuneCommand.Report.Result {
  fileprivate init(_ result: TuningResult) {
    self.init(
      operation: result.operation, problem: result.problem,
      configuration: result.best?.configuration, seconds: result.best?.seconds,
      defaultSeconds: result.standard?.seconds, speedup: result.speedup, gflops: result.gflops,
      gigabytesPerSecond: result.gigabytesPerSecond, candidates: result.candidates,
      complete: result.isComplete, rows: result.rows.map(TuneCommand.Report.Row.init))
  }
}

extension TuneCommand.Report.Row {
  fileprivate init(_ row: TuningRow) {
    let (status, reason): (String, String?) =
      switch row.outcome {
      case .measured: ("measured", nil)
      case .slow: ("slow", nil)
      case .failed(let reason): ("failed", reason)
      case .skipped(let reason): ("skipped", reason)
      }
    self.init(
      configuration: row.configuration, status: status, seconds: row.seconds, reason: reason)
  }
}
