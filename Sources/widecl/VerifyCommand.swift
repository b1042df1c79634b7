import ArgumentParser
import Autotuner
import DeviceRuntime
import Operators
import Training

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks the kernels on a device, a run, a checkpoint, or another engine's run.",
    discussion: """
      With a MODEL and --data, everything that such a training and its evaluation launch is
      compared with the double-precision references, at its real size and bound as in the run; a
      step with a buffer for every tensor must then give the same bits as one whose tensors share
      memory. With a CHECKPOINT, its answers to test images are computed a second time on the
      host, layer by layer in double precision. With a run's folder both are done, by its model,
      recipe and data, for its best checkpoint.

      Without any, every configuration of every kernel is run on small problems and compared
      with its double-precision reference: half an hour on two cores, or a part of it with
      --sample. The table tells which configurations are right wherever they were checked: the
      defaults, those of your tuning, the shipped ones, others. One that is wrong, crashes or
      hangs is not used on this device from now on; 'widecl tune --clear' forgets that, and so
      does a verification that finds it right.

      With --trace, the trace's steps are trained and the losses compared.

      Examples:
        widecl verify runs/first
        widecl verify runs/first/checkpoint-best.safetensors --images 1000
      """)

  @Argument(
    help: ArgumentHelp(
      "A model, the folder of a run, or a checkpoint that 'widecl train' wrote.",
      valueName: "model-or-run"))
  var subject: String?
  @OptionGroup var runOptions: VerifiedRunOptions
  @Option(help: "The folder of a trace.") var trace: String?
  @Option(help: "Only operations whose name contains this.") var op: String?
  @Option(name: .customLong("configuration"), help: "Only configurations that contain this.")
  var part: String?
  @Option(
    help: "Of each problem, beside what is in use, only N other configurations, by chance.")
  var sample: Int?
  @Option(help: "Chooses the sample; by chance where it is not given.") var seed: UInt64?
  @Option(
    help: ArgumentHelp(
      "Only problems of up to N operations or bytes, for slow devices.", valueName: "n"))
  var largest: Double?
  @Flag(help: "No guards behind buffers: for checkers of memory accesses, such as Oclgrind.")
  var bareBuffers = false
  @Option(
    help: ArgumentHelp(
      "End a configuration that gives no sign of life for so long.", valueName: "time"),
    transform: parseSeconds)
  var timeout: Double = 60
  @OptionGroup(title: "Tuning") var tuningOptions: TuningOptions
  @OptionGroup(title: "Device") var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: .hidden) var worker = false

  func validate() throws {
    try runOptions.validate(subject: subject)
    let isPart = op != nil || part != nil || sample != nil || seed != nil || largest != nil
    if trace != nil && subject != nil {
      throw ValidationError("--trace does not go with a model, a run or a checkpoint")
    }
    if (trace != nil || subject != nil) && (isPart || bareBuffers) {
      throw ValidationError(
        "--op, --configuration, --sample, --seed, --largest and --bare-buffers do not go with "
          + (subject == nil ? "--trace" : "a model, a run or a checkpoint"))
    }
    if let sample, sample < 0 { throw ValidationError("--sample must be at least 0") }
    if let largest, !(largest > 0 && largest.isFinite) {
      throw ValidationError("--largest must be above 0")
    }
    if let op, operations.isEmpty {
      throw ValidationError(
        "no operation is named '\(op)'; there are "
          + allOperations.map { $0.name }.joined(separator: ", "))
    }
  }

  private var operations: [String] {
    allOperations.map { $0.name }.filter { name in op.map(name.contains) ?? true }
  }

  func run() throws {
    if worker { return try runVerificationWorker(deviceOptions) }
    if let trace { return try replay(trace) }
    if let subject {
      return try runOptions.verify(
        subject, tuningOptions: tuningOptions, deviceOptions: deviceOptions, json: json)
    }
    try checkKernels()
  }

  private func checkKernels() throws {
    let store = try requiredUserStore()
    let context = try deviceOptions.makeContext()
    Interrupt.install()
    var report = VerificationReport(
      context.info, seed: seed ?? .random(in: 0..<1_000_000), sample: sample)
    let outcome = try runVerification(
      VerificationWork(
        operations: operations, algorithms: tuningOptions.algorithms, configuration: part,
        sample: sample, seed: report.seed, largest: largest, areBuffersBare: bareBuffers),
      store: store, device: context.device.index, timeout: timeout
    ) { result in
      report.add(result)
      let wrong = result.failures.count
      tell(
        "\(result.operation): \(result.checks) checks" + (wrong > 0 ? ", \(wrong) failed" : ""))
    }
    switch outcome {
    case .finished: break
    case .stopped: throw ExitCode(Interrupt.exitStatus)
    case .failed(let status): throw ExitCode(status)
    case .crashed(let signal):
      tell("widecl: verifying: the process died of signal \(signal); report it")
      throw ExitCode(70)
    }
    if let part, report.checks == 0 {
      throw ValidationError("no configuration contains '\(part)'")
    }
    if json { try printJSON(report) } else { print(report.text) }
    if !report.passed { throw ExitCode(70) }
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
