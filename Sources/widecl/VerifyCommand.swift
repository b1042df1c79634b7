import ArgumentParser
import Autotuner
import DeviceRuntime
import Operators
import Training

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks the kernels on a device, or replays another engine's training run.",
    discussion: """
      Without --trace, every configuration of every kernel is run on small problems and compared
      with its double-precision reference: half an hour on two cores, or a part of it with --op
      and --sample. With it, the trace's steps are trained and the losses compared.
      """)

  @Option(help: "The folder of a trace.") var trace: String?
  @Option(help: "Only operations whose name contains this.") var op: String?
  @Option(help: "Of each problem only the default and N other configurations, by chance.")
  var sample: Int?
  @OptionGroup var tuningOptions: TuningOptions
  @OptionGroup var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if trace != nil && (op != nil || sample != nil) {
      throw ValidationError("--op and --sample do not go with --trace")
    }
    if let sample, sample < 0 { throw ValidationError("--sample must be at least 0") }
    if let op, !allOperations.contains(where: { $0.name.contains(op) }) {
      throw ValidationError(
        "no operation is named '\(op)'; there are "
          + allOperations.map { $0.name }.joined(separator: ", "))
    }
  }

  func run() throws {
    if let trace { return try replay(trace) }
    try checkKernels()
  }

  private struct KernelReport: Encodable {
    var device: String
    var driver: String
    var checks: Int
    var failures: [String]
    var passed: Bool
  }

  private func checkKernels() throws {
    let context = try deviceOptions.makeContext()
    Interrupt.install()
    let suite = ConformanceSuite(
      queue: try context.makeQueue(), algorithms: tuningOptions.algorithms, sample: sample,
      seed: .random(in: 0..<1_000_000))
    var report = ConformanceSuite.Report()
    var isWhole = true
    for operation in allOperations where isWhole && (op.map(operation.name.contains) ?? true) {
      let before = report
      isWhole = suite.run(operation, into: &report, stop: { Interrupt.isRequested })
      let failed = report.failures.count - before.failures.count
      tell(
        "\(operation.name): \(report.checks - before.checks) checks"
          + (failed > 0 ? ", \(failed) failed" : ""))
    }
    let passed = isWhole && report.failures.isEmpty
    if json {
      try printJSON(
        KernelReport(
          device: context.info.name, driver: context.info.driver, checks: report.checks,
          failures: report.failures, passed: passed))
    } else {
      for failure in report.failures { print(failure) }
      print("\(report.checks) checks, \(report.failures.count) failed")
    }
    if !isWhole { throw ExitCode(Interrupt.exitStatus) }
    if !passed { throw ExitCode(70) }
  }

  private func replay(_ folder: String) throws {
    let context = try deviceOptions.makeContext()
    let trace = try Trace(folder: folder)
    // Winograd's transforms round more than plain sums.
    let result = try trace.replay(
      on: context, chooser: tuningOptions.chooser(for: context),
      tolerance: tuningOptions.algorithms == .direct ? 1e-5 : 1e-4)
    if json {
      try printJSON(result)
    } else {
      print("step  loss          expected")
      for (step, (loss, expected)) in zip(result.losses, result.expected).enumerated() {
        print(
          "\(step + 1)".padded(to: 4) + "  " + "\(Float(loss))".padded(to: 12) + "  \(expected)")
      }
      print("largest relative error of a loss  \(result.maxRelativeLossError)")
      print("largest error of a logit          \(result.maxLogitError)")
      if let error = result.maxParameterError {
        print("largest error of a parameter      \(error)")
      }
      print(result.passed ? "passed" : "failed")
    }
    if !result.passed { throw ExitCode(70) }
  }
}
