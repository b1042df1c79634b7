import ArgumentParser
import Training

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Replays another engine's training run, step by step, and compares.")

  @Option(help: "The folder of the trace.") var trace: String
  @OptionGroup var deviceOptions: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let trace = try Trace(folder: trace)
    let result = try trace.replay(on: deviceOptions.makeContext())
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
