import ArgumentParser
import Autotuner
import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models
import Training

/// Turns errors into one line on standard error and an exit status.
enum Failure {
  static func exit(_ error: any Error) -> Never {
    if let code = error as? ExitCode { WideCLCommand.end(code.rawValue) }
    let (status, text) = describe(error)
    if let text {
      tell("widecl: \(printable(text))")
      if let error = error as? CLError { tellLog(error) }
    } else {
      print(WideCLCommand.fullMessage(for: error))  // help, version
    }
    WideCLCommand.end(status)
  }

  /// The exit status and the line; no line for help and other clean exits.
  static func describe(_ error: any Error) -> (status: Int32, text: String?) {
    switch error {
    case let error as DataError: return (error.exitStatus, error.description)
    case let error as TrainingError: return (error.exitStatus, error.description)
    case let error as TuningError: return (error.exitStatus, error.description)
    case let error as ModelError: return (64, error.description)
    case let error as CheckError: return (70, error.description)
    case is CheckError.Interrupted:
      return (Interrupt.exitStatus, "interrupted while checking; the same command begins again")
    case let error as DeviceError: return (69, error.description)
    case let error as MemoryError:
      return (75, outOfMemory(error.description))
    case let error as CLError where error.isOutOfMemory:
      return (75, outOfMemory(firstLine(error.description)))
    case let error as CLError where error.isDeviceLost:
      return (
        69,
        "device: \(firstLine(error.description)), it or its driver stopped working; start again, "
          + "a training with --resume"
      )
    case let error as CLError:
      let folder = ProcessInfo.processInfo.environment["WIDECL_KERNELS"]
      return (
        70,
        "OpenCL: \(firstLine(error.description)); "
          + (folder.map { "mend the kernels in \($0), or unset WIDECL_KERNELS" }
            ?? "report it with the output of 'widecl devices'")
      )
    default:
      let code = WideCLCommand.exitCode(for: error)
      if code == .success { return (0, nil) }
      let message = WideCLCommand.message(for: error)
      if code == .validationFailure {
        let help = (NamedCommand().words + ["--help"]).joined(separator: " ")
        return (64, "usage: \(withoutStop(firstLine(message))); see '\(help)'")
      }
      return (70, "internal error: \(firstLine(message)); please report it")
    }
  }

  /// Writes what a compiler said of a program, in its lines; it may complain a thousand times about
  /// one thing.
  private static func tellLog(_ error: CLError) {
    let lines = error.description.split(whereSeparator: \.isNewline).dropFirst()
    for line in lines.prefix(longestLog) { tell("  " + printable(String(line))) }
    if lines.count > longestLog { tell("  and \(lines.count - longestLog) lines more") }
  }

  /// Lines of a compiler that are shown.
  private static let longestLog = 40

  private static func outOfMemory(_ why: String) -> String {
    "device memory: \(why); give a smaller --batch, --micro-batch or model"
  }

  /// The text with everything escaped that could break the line or move the cursor: names in it
  /// come from arguments, files and drivers.
  static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The parser ends some of its sentences with a full stop.
  private static func withoutStop(_ text: String) -> Substring {
    text.hasSuffix(".") ? text.dropLast() : text[...]
  }

  private static func firstLine(_ text: String) -> String {
    text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? text
  }
}
