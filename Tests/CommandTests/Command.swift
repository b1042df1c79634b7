import Foundation
import Glibc
import Testing

/// What a finished `widecl` left.
struct CommandResult {
  var status: Int32
  var out: String
  var error: String

  /// The lines on standard error, without those of a slow machine's progress with its kernels.
  var errorLines: [String] {
    error.split(separator: "\n").map(String.init).filter {
      !($0.hasPrefix("compiling ") && $0.hasSuffix(" (once)"))
    }
  }

  /// Standard output as one JSON document.
  func json() throws -> Any {
    try JSONSerialization.jsonObject(with: Data(out.utf8))
  }

  func object() throws -> [String: Any] {
    try #require(try json() as? [String: Any], "no JSON object: \(out)")
  }
}

/// The built command as a child process.
final class Command {
  /// The command lies beside the tests' executable.
  static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent()

  /// Neither what the user has tuned nor what tests tune reaches the other.
  private static let cache = Result { try TemporaryFolder() }

  private let process = Process()
  private let outFile: URL
  private let errorFile: URL
  private let scratch: TemporaryFolder

  /// Starts `widecl`, or another product of the package, with `arguments`.
  ///
  /// `environment` is put over the tests' own, where an empty value removes a variable. `launcher`,
  /// a program with its arguments, starts it where given. What goes to a stream that is given is
  /// not in the result.
  init(
    _ arguments: [String], program: String = "widecl", environment: [String: String] = [:],
    launcher: [String] = [], standardOutput: FileHandle? = nil, standardError: FileHandle? = nil
  ) throws {
    scratch = try TemporaryFolder()
    outFile = scratch.url.appending(path: "out")
    errorFile = scratch.url.appending(path: "error")
    for file in [outFile, errorFile] { try Data().write(to: file) }
    let words = launcher + [Command.folder.appending(path: program).path] + arguments
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.currentDirectoryURL = scratch.url
    let defaults = ["XDG_CACHE_HOME": try Command.cache.get().url.path]
    process.environment = ProcessInfo.processInfo.environment.merging(defaults) { $1 }
      .merging(environment) { $1 }
      .filter { !$0.value.isEmpty }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try standardOutput ?? FileHandle(forWritingTo: outFile)
    process.standardError = try standardError ?? FileHandle(forWritingTo: errorFile)
    try process.run()
  }

  static func run(
    _ arguments: String..., environment: [String: String] = [:], program: String = "widecl"
  ) throws -> CommandResult {
    try Command(arguments, program: program, environment: environment).wait()
  }

  static func run(
    _ arguments: [String], environment: [String: String] = [:], launcher: [String] = []
  ) throws -> CommandResult {
    try Command(arguments, environment: environment, launcher: launcher).wait()
  }

  /// Waits for the end; kills the process, and fails, when it takes too long.
  func wait(seconds: Double = 300) throws -> CommandResult {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while process.isRunning {
      if Date() > deadline {
        kill(process.processIdentifier, SIGKILL)
        Issue.record("killed after \(seconds) s: \(process.arguments ?? [])")
        break
      }
      usleep(5_000)
    }
    process.waitUntilExit()
    return CommandResult(
      status: process.terminationReason == .exit
        ? process.terminationStatus : 128 + process.terminationStatus,
      out: try String(contentsOf: outFile, encoding: .utf8),
      error: try String(contentsOf: errorFile, encoding: .utf8))
  }

  /// What has come on standard error.
  func errorSoFar() throws -> String { try String(contentsOf: errorFile, encoding: .utf8) }

  /// What has come on standard output.
  func outSoFar() throws -> String { try String(contentsOf: outFile, encoding: .utf8) }

  var isRunning: Bool { process.isRunning }

  var processIdentifier: Int32 { process.processIdentifier }

  /// Ctrl-C.
  func interrupt() { send(SIGINT) }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Sends a signal to the command and to all that it started, which are a group of their own.
  func sendToGroup(_ signal: Int32) { kill(-process.processIdentifier, signal) }
}

/// A folder that goes with the value that holds it.
final class TemporaryFolder: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "widecl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }
}

/// A small run that trains in a second once its kernels are compiled.
enum Small {
  static let model = "wrn-10-1"
  static let data = "synthetic:1x8x8:4:64"
  static let train = [
    "train", "--model", model, "--data", data, "--recipe", "quick", "--batch", "16",
    "--no-tune",
  ]

  /// The folder of a finished run of two epochs, and what it printed; every test may read it.
  static let finished = Result {
    let folder = try TemporaryFolder()
    let output = folder.path("run")
    let result = try Command.run(train + ["--epochs", "2", "--output", output])
    return (folder: folder, output: output, result: result)
  }

  static func checkpoint() throws -> String {
    try finished.get().output + "/checkpoint-last.safetensors"
  }
}

/// Expects a failure as the contract has it: the status, one line on standard error, nothing on
/// standard output.
func expectFailure(
  _ status: Int32, _ arguments: [String], environment: [String: String] = [:],
  launcher: [String] = [],
  mentions: String = "", afterProgress: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let result = try Command.run(arguments, environment: environment, launcher: launcher)
  let label = "\(arguments): \(result.error)"
  #expect(result.status == status, "\(label)", sourceLocation: sourceLocation)
  #expect(result.out.isEmpty, "\(label)", sourceLocation: sourceLocation)
  #expect(result.error.hasSuffix("\n"), "\(label)", sourceLocation: sourceLocation)
  let lines = afterProgress ? result.errorLines.suffix(1) : result.errorLines[...]
  #expect(lines.count == 1, "\(label)", sourceLocation: sourceLocation)
  #expect(
    lines.first?.hasPrefix("widecl: ") == true, "\(label)", sourceLocation: sourceLocation)
  #expect(
    mentions.isEmpty || result.error.contains(mentions), "\(label)", sourceLocation: sourceLocation)
}
