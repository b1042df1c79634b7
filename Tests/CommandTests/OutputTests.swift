import ArgumentParser
import Foundation
import Testing

@testable import widecl

/// Every command with standard streams that are closed, full, or read by nobody.
@Suite(.serialized)
struct OutputTests {
  /// A quick use of a command; nil for one that is missing here.
  private static func example(_ command: String, in folder: TemporaryFolder) throws -> [String]? {
    let checkpoint = try Small.checkpoint()
    let output = ["--output", folder.path(UUID().uuidString)]
    switch command {
    case "devices": return []
    case "models": return []
    case "summary": return [Small.model]
    case "train": return Array(Small.train.dropFirst()) + ["--epochs", "1"] + output
    case "evaluate": return [checkpoint, "--data", Small.data]
    case "predict": return [checkpoint, try image(in: folder)]
    case "report": return [try Small.finished.get().output] + output
    case "export": return [checkpoint, "--format", "onnx"] + output
    case "import": return [try weights(in: folder), "--model", Small.model] + output
    case "verify": return ["add_relu"]
    case "tune": return ["--list"]
    case "bench step":
      return [Small.model, "--image", "1x8x8", "--batch", "4", "--steps", "1", "--no-tune"]
    case "bench layers":
      return [Small.model, "--image", "1x8x8", "--batch", "4", "--no-tune"]
    case "bench figure4": return ["--batch", "0"]
    case "reproduce": return ["table1", "--data", Small.data, "--plan"]
    case "data list": return []
    case "data check": return ["fashion-mnist"]
    case "data fetch": return ["no-such-data"]
    default: return nil
    }
  }

  private static func image(in folder: TemporaryFolder) throws -> String {
    let path = folder.path("image.png")
    let grey =
      "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAAAAADhZOFXAAAADklEQVR4nGNIgQIGyhgAhHUZAVE+"
      + "w4IAAAAASUVORK5CYII="
    try #require(Data(base64Encoded: grey)).write(to: URL(fileURLWithPath: path))
    return path
  }

  private static func weights(in folder: TemporaryFolder) throws -> String {
    let path = folder.path("weights.safetensors")
    let result = try Command.run(
      "export", try Small.checkpoint(), "--format", "torch", "--output", path)
    #expect(result.status == 0, "\(result.error)")
    return path
  }

  /// The words of each command without subcommands.
  private static func leaves(
    of command: any ParsableCommand.Type = WideCLCommand.self, behind words: [String] = []
  ) -> [[String]] {
    let below = command.configuration.subcommands
    if below.isEmpty { return [words] }
    return below.flatMap {
      leaves(of: $0, behind: words + [$0.configuration.commandName ?? "\($0)"])
    }
  }

  /// A pipe whose reader is gone.
  private static func brokenPipe() throws -> FileHandle {
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    return pipe.fileHandleForWriting
  }

  private static func shell(_ redirections: String) -> [String] {
    ["/bin/bash", "-c", "exec \"$@\" \(redirections)", "bash"]
  }

  @Test(arguments: leaves())
  func streams(command: [String]) throws {
    let folder = try TemporaryFolder()
    func run(
      _ launcher: [String] = [], out: FileHandle? = nil, error: FileHandle? = nil
    ) throws -> CommandResult {
      let example = try #require(
        try Self.example(command.joined(separator: " "), in: folder),
        "no example of \(command)")
      return try Command(
        command + example, launcher: launcher, standardOutput: out, standardError: error
      ).wait()
    }
    func full() throws -> FileHandle { try #require(FileHandle(forWritingAtPath: "/dev/full")) }
    let usual = try run()
    #expect([0, 64].contains(usual.status), "\(usual)")

    // Nobody reads what is told: everything else is as usual.
    #expect(try run(error: full()).status == usual.status)
    #expect(try run(error: Self.brokenPipe()).status == usual.status)
    #expect(
      try run(["/bin/bash", "-c", "trap '' PIPE; exec \"$@\"", "bash"], error: Self.brokenPipe())
        .status == usual.status)
    #expect(try run(Self.shell("2>&-")).status == usual.status)
    #expect(try run(Self.shell("<&- >&- 2>&-")).status == usual.status)

    // A result that is not printed is told of, unless nobody wants it.
    let unprinted = try run(out: full())
    if usual.out.isEmpty {
      #expect(unprinted.status == usual.status)
    } else {
      #expect(unprinted.status == 73, "\(unprinted)")
      #expect(unprinted.errorLines.last?.hasPrefix("widecl: standard output: ") == true)
    }
    #expect(try run(Self.shell(">/dev/full 2>&1")).status == unprinted.status)
    let unread = try run(out: Self.brokenPipe())
    #expect(unread.status == usual.status)
    #expect(!unread.error.contains("standard output"))
  }

  /// The only command that goes on until it is told to stop.
  @Test func aReportIsServedWithoutStreams() throws {
    let report = ["report", "--watch", try Small.finished.get().output, "--port"]
    func full() throws -> FileHandle { try #require(FileHandle(forWritingAtPath: "/dev/full")) }
    let usual = try Command(report + ["0"])
    while usual.isRunning, try !usual.outSoFar().contains("\n") { usleep(5_000) }
    usual.interrupt()
    let address = try #require(try usual.wait().out.split(separator: "\n").first.map(String.init))
    let port = try #require(address.split(separator: ":").last?.dropLast())
    func isServed(_ command: Command) throws {
      var answer = ""
      while command.isRunning, !answer.hasPrefix("200 ") {
        answer = try ReportTests.curl(address)
        usleep(5_000)
      }
      command.interrupt()
      let result = try command.wait()
      #expect(result.status == 130 && !result.error.contains("standard output"), "\(result)")
    }
    func serve(
      _ launcher: [String] = [], out: FileHandle? = nil, error: FileHandle? = nil
    ) throws -> Command {
      try Command(
        report + [String(port)], launcher: launcher, standardOutput: out, standardError: error)
    }
    try isServed(serve(error: full()))
    try isServed(serve(error: Self.brokenPipe()))
    try isServed(serve(out: Self.brokenPipe()))
    for redirections in ["2>&-", ">&-", "<&- >&- 2>&-"] {
      try isServed(serve(Self.shell(redirections)))
    }
    // Nobody learns the address.
    let unprinted = try serve(out: full()).wait(seconds: 20)
    #expect(unprinted.status == 73 && unprinted.errorLines.count == 1, "\(unprinted)")
    #expect(unprinted.error.hasPrefix("widecl: standard output: "))
    #expect(try serve(Self.shell(">/dev/full 2>&1")).wait(seconds: 20).status == 73)
  }

  @Test(arguments: [["--help"], ["train", "--help"], ["--version"], ["train", "--show"]])
  func whatIsOnlyPrinted(arguments: [String]) throws {
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let result = try Command(arguments, standardOutput: full).wait()
    #expect(result.status == 73 && result.errorLines.count == 1, "\(result)")
    #expect(try Command(arguments, standardOutput: Self.brokenPipe()).wait().error.isEmpty)
  }

  /// Without descriptors 0 to 2 the files of a run are those of any run.
  @Test func noFileGetsTheNumberOfAStandardStream() throws {
    let folder = try TemporaryFolder()
    let usual = folder.path("usual")
    let train = Small.train + ["--tuning", "none", "--epochs", "2", "--output"]
    #expect(try Command.run(train + [usual]).status == 0)
    for (name, redirections) in [("error", "2>&-"), ("output", ">&-"), ("all", "<&- >&- 2>&-")] {
      let output = folder.path(name)
      let result = try Command(
        train + [output], launcher: Self.shell(redirections)
      ).wait()
      #expect(result.status == 0)
      for file in ["checkpoint-last.safetensors", "tuning.json"] {
        let isSame = FileManager.default.contentsEqual(
          atPath: "\(output)/\(file)", andPath: "\(usual)/\(file)")
        #expect(isSame, "\(name): \(file)")
      }
      let log = try String(contentsOfFile: output + "/log.jsonl", encoding: .utf8)
      #expect(log.split(separator: "\n").allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
    }
  }

  /// A terminal sends Ctrl-C to the command and to the programs of a driver's compiler alike.
  @Test func ctrlCWhileKernelsAreCompiled() throws {
    let folder = try TemporaryFolder()
    let compiled = folder.path("pocl")
    let command = try Command(
      Small.train + ["--epochs", "1", "--output", folder.path("run")],
      environment: ["POCL_CACHE_DIR": compiled, "XDG_CACHE_HOME": folder.path("cache")])
    func programs() -> Int {
      (try? FileManager.default.subpathsOfDirectory(atPath: compiled))?
        .count { $0.hasSuffix(".so") } ?? 0
    }
    while command.isRunning, programs() < 2 { usleep(1_000) }
    command.sendToGroup(SIGINT)
    let result = try command.wait(seconds: 60)
    #expect(result.status == 130, "\(result)")
    #expect(result.errorLines.contains("stopping after this step; again to stop now, unsaved"))
    #expect(result.errorLines.last?.contains("interrupted") == true, "\(result)")
  }

  /// The terminal goes away in the middle of a training.
  @Test func aTrainingWhoseTerminalIsClosedSavesItsState() throws {
    let folder = try TemporaryFolder()
    func train(_ output: String, _ launcher: [String] = []) throws -> Command {
      let command = try Command(
        Small.train + ["--epochs", "1000000", "--output", output], launcher: launcher)
      while command.isRunning, try !command.errorSoFar().contains("epoch 1/") { usleep(2_000) }
      return command
    }
    // Whoever runs the tests may have the signal ignored.
    let command = try train(folder.path("run"), ["/usr/bin/env", "--default-signal=HUP"])
    command.send(SIGHUP)
    let result = try command.wait(seconds: 60)
    #expect(result.status == 130)
    #expect(result.error.contains("stopping after this step; again to stop now, unsaved\n"))
    #expect(result.error.contains("state saved in"))
    #expect(
      FileManager.default.fileExists(atPath: folder.path("run/checkpoint-last.safetensors")))

    let kept = try train(folder.path("nohup"), ["/usr/bin/nohup"])
    kept.send(SIGHUP)
    usleep(500_000)
    #expect(kept.isRunning)
    kept.send(SIGTERM)
    #expect(try kept.wait(seconds: 60).status == 130)
  }
}
