import Foundation
import TestSupport
import Testing

/// The verification of a run and of a checkpoint as its users run it.
@Suite(.serialized)
struct VerifyRunTests {
  private let model = [
    "verify", Small.model, "--data", Small.data, "--batch", "16", "--recipe", "quick",
  ]

  @Test("everything that a model's run launches is right, and sharing memory changes no bit")
  func wholeRun() throws {
    let result = try Command.run(model + ["--json"])
    #expect(result.status == 0, "\(result.error)")
    let report = try result.object()
    #expect(report["same_bits"] as? Bool == true)
    let checks = try #require(report["checks"] as? [[String: Any]])
    #expect(checks.count > 30 && checks.allSatisfy { $0["failure"] == nil })
    let text = try Command.run(model + ["--full"])
    #expect(text.status == 0 && text.out.contains("\(checks.count) operations on "))
    #expect(text.out.hasSuffix("a step with a buffer for every tensor: the same bits\n"))
  }

  @Test("what is wrong in a model's run is named, with status 70")
  func wrongModel() throws {
    let kernels = try PatchedKernels(
      "pool/global_average_pool.cl", replacing: "/ (float)pixels",
      with: "/ ((float)pixels + (ITEM_N == 4 ? 0.5f : 0.0f))")
    let cache = try TemporaryFolder()
    let environment = ["XDG_CACHE_HOME": cache.url.path, "WIDECL_KERNELS": kernels.path]
    let result = try Command.run(model, environment: environment)
    #expect(result.status == 70, "\(result.error)")
    #expect(result.out.contains("wrong  global_average_pool_forward [16x"), "\(result.out)")
    #expect(result.out.contains("right  global_average_pool_forward [16x"), "\(result.out)")
  }

  @Test("a checkpoint's answers are the same on the host")
  func checkpoint() throws {
    let arguments = ["verify", try Small.checkpoint(), "--data", Small.data, "--images", "9"]
    let result = try Command.run(arguments + ["--json"])
    #expect(result.status == 0, "\(result.error)")
    let report = try result.object()
    #expect(report["images"] as? Int == 9 && report["passed"] as? Bool == true)
    #expect(report["different_answers"] as? Int == 0)
    let (device, host) = (report["loss"] as? Double, report["host_loss"] as? Double)
    #expect(abs(try #require(device) - #require(host)) < 1e-4)
    let difference = try #require(report["largest_logit_difference"] as? Double)
    #expect(difference > 0 && difference < 1e-3)
    #expect(try Command.run(arguments).out.hasSuffix("passed\n"))
  }

  @Test("a layer that is wrong on the device is named, with status 70")
  func wrongCheckpoint() throws {
    let kernels = try PatchedKernels(
      "pool/global_average_pool.cl", replacing: "/ (float)pixels",
      with: "/ ((float)pixels + 0.5f)")
    let cache = try TemporaryFolder()
    // Checks at use would not let it come so far: what they found right is taken over.
    let environment = ["XDG_CACHE_HOME": cache.url.path, "WIDECL_KERNELS": kernels.path]
    let arguments = ["verify", try Small.checkpoint(), "--data", Small.data, "--images", "9"]
    let refused = try Command.run(arguments, environment: environment)
    #expect(refused.status == 70 && refused.out.isEmpty, "\(refused.out)")
    let files = try #require(
      FileManager.default.enumerator(at: cache.url, includingPropertiesForKeys: nil))
    let path = try #require(
      files.compactMap { $0 as? URL }.first { $0.lastPathComponent == "checks.jsonl" })
    let record = try String(contentsOf: path, encoding: .utf8)
    let lines = record.split(separator: "\n").map { line in
      line.range(of: "\"verdict\":").map {
        line[..<$0.upperBound] + "{\"right\":{\"seconds\":1}}}"
      } ?? line
    }
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: path)
    let result = try Command.run(arguments, environment: environment)
    #expect(result.status == 70, "\(result.error)")
    #expect(result.out.contains("the first layer that is wrong: pool"), "\(result.out)")
    #expect(result.out.hasSuffix("failed\n"))
  }

  @Test("options that fit neither a model nor a checkpoint are refused")
  func usage() throws {
    let checkpoint = try Small.checkpoint()
    for (arguments, mentions) in [
      (["verify", "--data", Small.data], "go with a model or a checkpoint"),
      (["verify", Small.model], "give the --data"),
      (model + ["--images", "3"], "--images goes with a checkpoint"),
      (model + ["--sample", "1"], "do not go with a model or a checkpoint"),
      (model + ["--trace", "t"], "--trace does not go"),
      (["verify", checkpoint, "--data", Small.data, "--full"], "--full and --recipe go with"),
      (["verify", checkpoint, "--data", Small.data, "--images", "0"], "--images must be"),
    ] { try expectFailure(64, arguments, mentions: mentions) }
    try expectFailure(
      65, ["verify", checkpoint, "--data", "synthetic:3x8x8:4:64"], mentions: "was trained on")
  }
}
