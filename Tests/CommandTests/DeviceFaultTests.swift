import Foundation
import TestSupport
import Testing
import Training

/// Devices that run out of memory, break or disappear at any call.
@Suite(.serialized)
struct DeviceFaultTests {
  private static let evaluate = Result {
    ["evaluate", try Small.checkpoint(), "--data", Small.data, "--no-tune"]
  }
  private static let bench = [
    "bench", "step", Small.model, "--image", "1x8x8", "--batch", "4", "--steps", "2", "--no-tune",
  ]
  private static let tune = [
    "tune", Small.model, "--image", "1x8x8", "--batch", "4", "--op", "sgd", "--json",
  ]

  /// Runs the command with a fault and returns how often it called each function, and whether the
  /// fault came.
  private static func calls(
    _ fault: Fault?, _ body: ([String: String]) throws -> Void
  ) throws -> (counts: [String: Int], failed: Bool) {
    let folder = try TemporaryFolder()
    let path = folder.path("calls")
    try body(Shims.environment(fault, calls: path))
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    var counts: [String: Int] = ["any": lines.count]
    for line in lines { counts[String(line.prefix { $0 != " " }), default: 0] += 1 }
    return (counts, lines.contains { $0.hasSuffix(" failed") })
  }

  /// How often each function is called where nothing fails.
  private static func counts(_ arguments: [String]) throws -> [String: Int] {
    try calls(nil) { environment in
      let result = try Command.run(arguments, environment: environment)
      #expect(result.status == 0, "\(result.error)")
    }.counts
  }

  /// Faults at random calls of functions that are called; the first of these are every build's.
  private static func faults(
    _ number: Int, in counts: [String: Int], using generator: inout some RandomNumberGenerator
  ) -> [Fault] {
    func place(_ function: String) -> Int {
      Int.random(in: 1...max(1, counts[function] ?? 1), using: &generator)
    }
    // At the first use: drivers that allocate late have no memory only then.
    let known = [
      Fault(function: "clEnqueueNDRangeKernel", number: 1, code: -4),
      Fault(function: "clCreateBuffer", number: place("clCreateBuffer"), code: -4),
      Fault(function: "clEnqueueNDRangeKernel", number: place("clEnqueueNDRangeKernel"), code: -5),
      Fault(
        function: "clBuildProgram", number: place("clBuildProgram"), code: -11, losesDevice: true),
      Fault(
        function: "clEnqueueReadBuffer", number: place("clEnqueueReadBuffer"), code: -36,
        losesDevice: true),
      Fault(
        function: "clEnqueueNDRangeKernel", number: place("clEnqueueNDRangeKernel"), code: -2,
        losesDevice: true),
    ].filter { counts[$0.function] != nil }
    let others = (0..<max(0, number - known.count)).map { _ in
      Fault(
        function: "any", number: place("any"),
        code: [-2, -4, -5, -6, -11, -14, -34, -36, -46, -59].randomElement(using: &generator) ?? -5,
        losesDevice: Bool.random(using: &generator))
    }
    return Array((known.shuffled(using: &generator) + others).prefix(number))
  }

  @Test("a training ends with one line, and goes on from its checkpoint to the same bits")
  func training() throws {
    let folder = try TemporaryFolder()
    // Its schedule does not depend on the number of epochs.
    let train = Small.train + ["--recipe", "cifar", "--epochs", "4"]
    let begun = folder.path("begun")
    let first = try Command.run(train + ["--epochs", "2", "--output", begun])
    #expect(first.status == 0, "\(first.error)")
    func copy(_ name: String) throws -> [String] {
      try FileManager.default.copyItem(atPath: begun, toPath: folder.path(name))
      return train + ["--resume", "--output", folder.path(name)]
    }
    func last(_ name: String) throws -> Data {
      try Data(
        contentsOf: URL(filePath: folder.path(name) + "/checkpoint-last.safetensors"))
    }
    // The first run with the shim checks its operations.
    _ = try Self.counts(copy("warm"))
    let counts = try Self.counts(copy("whole"))
    var generator = Crashes.generator()
    let faults = Self.faults(Crashes.number(of: 3), in: counts, using: &generator)
    for (number, fault) in faults.enumerated() {
      let arguments = try copy("\(number)")
      let label = "seed \(Crashes.seed): \(fault)"
      let came = try Self.calls(fault) { environment in
        try expectFailure(
          fault.status, arguments, environment: environment, afterProgress: true)
      }.failed
      #expect(came, "\(label)")
      let path = folder.path("\(number)") + "/checkpoint-last.safetensors"
      #expect(try Checkpoint(contentsOf: path).header.position.epoch >= 2, "\(label)")
      let resumed = try Command.run(arguments)
      #expect(resumed.status == 0, "\(label): \(resumed.error)")
      #expect(try last("\(number)") == last("whole"), "\(label)")
    }
  }

  @Test("evaluate and bench end with one line")
  func otherCommands() throws {
    var generator = Crashes.generator()
    for arguments in [try Self.evaluate.get(), Self.bench] {
      _ = try Self.counts(arguments)
      let counts = try Self.counts(arguments)
      for fault in Self.faults(Crashes.number(of: 2), in: counts, using: &generator) {
        let came = try Self.calls(fault) { environment in
          try expectFailure(fault.status, arguments, environment: environment)
        }.failed
        #expect(came, "seed \(Crashes.seed): \(fault)")
      }
    }
  }

  @Test("a configuration that fails while it is checked is replaced by the next")
  func failingWhileChecked() throws {
    let cache = try TemporaryFolder()
    let evaluate = try Self.evaluate.get()
    let whole = try Command.run(evaluate)
    let came = try Self.calls(
      Fault(function: "clEnqueueNDRangeKernel", number: 3, code: -59)
    ) { environment in
      let result = try Command.run(
        evaluate, environment: environment.merging(["XDG_CACHE_HOME": cache.url.path]) { $1 })
      #expect(result.status == 0 && result.out == whole.out, "\(result.error)")
      #expect(result.errorLines.count == 2, "\(result.error)")
      #expect(result.error.contains(" is wrong: clEnqueueNDRangeKernel of "), "\(result.error)")
    }.failed
    #expect(came)
  }

  /// A tuning with results of its own.
  private func tuned(_ fault: Fault) throws -> CommandResult {
    let cache = try TemporaryFolder()
    var result: CommandResult?
    let came = try Self.calls(fault) { environment in
      result = try Command.run(
        Self.tune,
        environment: environment.merging(["XDG_CACHE_HOME": cache.url.path]) { $1 })
    }.failed
    #expect(came, "\(fault)")
    return try #require(result)
  }

  @Test(
    "a candidate that fails is a row of the tuning, and the others are tuned",
    arguments: [("clBuildProgram", Int32(-11)), ("clEnqueueNDRangeKernel", -5)])
  func failingCandidate(function: String, code: Int32) throws {
    let result = try tuned(Fault(function: function, number: 3, code: code))
    #expect(result.status == 0, "\(result.error)")
    let results = try #require(result.object()["results"] as? [[String: Any]])
    let rows = try #require(results.first?["rows"] as? [[String: Any]])
    let failed = rows.filter { $0["status"] as? String == "failed" }
    #expect(failed.count == 1, "\(rows)")
    let reason = failed.first?["reason"] as? String
    #expect(reason?.contains(code == -5 ? "CL_OUT_OF_RESOURCES" : "building sgd") == true)
    #expect(rows.contains { $0["status"] as? String == "measured" })
  }

  @Test("a tuning whose device is lost again and again ends")
  func lostWhileTuning() throws {
    let result = try tuned(
      Fault(function: "clEnqueueNDRangeKernel", number: 12, code: -36, losesDevice: true))
    #expect(result.status == 69, "\(result.error)")
    let lines = result.errorLines
    #expect(lines.count { $0.hasSuffix("lost the device and is not tried again") } == 2)
    #expect(lines.count { $0.hasPrefix("widecl: device: ") } == 3)
    #expect(lines.count == 5, "\(lines)")
  }
}
