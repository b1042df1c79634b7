import ArgumentParser
import Foundation

/// Reads hostile files of one kind; a crash leaves the file and a failure's exit status.
@main struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "widecl-fuzz",
    abstract: "Read hostile files of one kind and print what came of it as a line of JSON.")

  @Argument(help: "What to read; \(Target.all.map(\.name).joined(separator: ", ")).")
  var target: String
  @Option(help: "Files to read.") var inputs = 2000
  @Option(help: "What the files are made from.") var seed: UInt64 = 1
  @Option(help: "The most bytes of a file.") var limit = 8192
  @Option(help: "Read this file only.") var file: String?
  @Option(help: "The folder of the file that is read, kept after a crash.")
  var folder = FileManager.default.temporaryDirectory
    .appending(path: "widecl-fuzz-\(getpid())").path

  func validate() throws {
    guard Target.all.contains(where: { $0.name == target }) else {
      throw ValidationError("no target '\(target)'")
    }
    guard inputs > 0, limit > 0, Int32(exactly: inputs) != nil else {
      throw ValidationError("--inputs and --limit must be above 0")
    }
  }

  func run() throws {
    guard let target = Target.all.first(where: { $0.name == self.target }) else { return }
    let folder = URL(fileURLWithPath: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    limitMemory()
    let mutator = Mutator(target: target, limit: limit)
    if let file {
      let trial = Trial(target, engine: "one file", seed: seed, folder: folder)
      trial.read([UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
      print(trial.report)
    } else if Coverage.isBuiltIn {
      Coverage.run(mutator, inputs: inputs, seed: seed, folder: folder)
    } else {
      let trial = Trial(target, engine: "mutations", seed: seed, folder: folder)
      for seed in target.seeds { trial.read(seed) }
      for index in 0..<inputs { trial.read(mutator.file(index: index, seed: seed)) }
      print(trial.report)
    }
    try? FileManager.default.removeItem(at: folder)
  }

  /// An allocation that no check foresees fails instead of filling the machine.
  private func limitMemory() {
    var limit = rlimit(rlim_cur: 6 << 30, rlim_max: 6 << 30)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }
}
