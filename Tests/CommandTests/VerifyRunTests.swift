import Foundation
import TestSupport
import Testing

@testable import Datasets

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
    let environment = ["XDG_CACHE_HOME": cache.url.path, "WIDECL_KERNELS": kernels.path]
    let arguments = ["verify", try Small.checkpoint(), "--data", Small.data, "--images", "9"]
    let refused = try Command.run(arguments, environment: environment)
    #expect(refused.status == 70 && refused.out.isEmpty, "\(refused.out)")
    try trustEveryCheck(below: cache.url)
    let result = try Command.run(arguments, environment: environment)
    #expect(result.status == 70, "\(result.error)")
    #expect(result.out.contains("the first layer that is wrong: pool"), "\(result.out)")
    #expect(result.out.hasSuffix("failed\n"))
  }

  @Test("a run is verified by its folder: what it launches and its best checkpoint's answers")
  func runOfAFolder() throws {
    let run = try Small.finished.get().output
    let result = try Command.run("verify", run, "--json")
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains("checkpoint-best.safetensors, of epoch"))
    let report = try result.object()
    let launches = try #require(report["launches"] as? [String: Any])
    #expect(launches["same_bits"] as? Bool == true)
    let checks = try #require(launches["checks"] as? [[String: Any]])
    // The batch of the run's recipe.
    let problems = checks.compactMap { $0["problem"] as? String }
    #expect(problems.contains { $0.hasPrefix("N16 8x8 1->16 ") }, "\(problems)")
    let answers = try #require(report["answers"] as? [String: Any])
    #expect(answers["images"] as? Int == 12 && answers["passed"] as? Bool == true)
    let text = try Command.run("verify", run, "--images", "2")
    #expect(text.out.contains("\(checks.count) operations on "), "\(text.out)")
    #expect(text.out.contains("\n2 test images on ") && text.out.hasSuffix("passed\n"))
    // A checkpoint knows its data, too.
    let checkpoint = try Command.run("verify", Small.checkpoint(), "--json")
    #expect(try checkpoint.object()["images"] as? Int == 12, "\(checkpoint.error)")
  }

  @Test("a run on photos is verified, and a layer that is wrong for them named")
  func photos() throws {
    let folder = try TemporaryFolder()
    for name in ["cat", "dog"] {
      let path = folder.path("set/\(name)")
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for number in 1...6 {
        let pixels = (0..<12 * 20 * 3).map {
          UInt8(truncatingIfNeeded: $0 * (number + 2) ^ $0 >> name.utf8.count)
        }
        try Data(PNG.encoded(pixels[...], height: 12, width: 20, channels: 3))
          .write(to: URL(fileURLWithPath: "\(path)/\(number).png"))
      }
    }
    let run = folder.path("run")
    let trained = try Command.run([
      "train", "--model", Small.model, "--data", "folder:8", "--data-path", folder.path("set"),
      "--recipe", "quick", "--batch", "4", "--epochs", "1", "--set", "augmentation.pad=0",
      "--no-tune", "--output", run,
    ])
    #expect(trained.status == 0, "\(trained.error)")
    let result = try Command.run("verify", run)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.out.contains("\n2 test images on ") && result.out.hasSuffix("passed\n"))

    let kernels = try PatchedKernels(
      "pool/global_average_pool.cl", replacing: "/ (float)pixels",
      with: "/ ((float)pixels + 0.5f)")
    let environment = ["XDG_CACHE_HOME": folder.path("cache"), "WIDECL_KERNELS": kernels.path]
    let checkpoint = run + "/checkpoint-last.safetensors"
    #expect(try Command.run("verify", checkpoint, environment: environment).status == 70)
    try trustEveryCheck(below: folder.url.appending(path: "cache"))
    let wrong = try Command.run("verify", checkpoint, environment: environment)
    #expect(wrong.status == 70, "\(wrong.error)")
    #expect(wrong.out.contains("the first layer that is wrong: pool"), "\(wrong.out)")
  }

  /// Checks at use would not let what is wrong come to an answer: what they found is made right.
  private func trustEveryCheck(below cache: URL) throws {
    let files = try #require(
      FileManager.default.enumerator(at: cache, includingPropertiesForKeys: nil))
    let path = try #require(
      files.compactMap { $0 as? URL }.first { $0.lastPathComponent == "checks.jsonl" })
    let record = try String(contentsOf: path, encoding: .utf8)
    let lines = record.split(separator: "\n").map { line in
      line.range(of: "\"verdict\":").map {
        line[..<$0.upperBound] + "{\"right\":{\"seconds\":1}}}"
      } ?? line
    }
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: path)
  }

  @Test("options that fit neither a model nor a checkpoint are refused")
  func usage() throws {
    let checkpoint = try Small.checkpoint()
    for (arguments, mentions) in [
      (["verify", "--data", Small.data], "go with a model, a run or a checkpoint"),
      (["verify", Small.model], "give the --data"),
      (model + ["--images", "3"], "--images goes with a run or a checkpoint"),
      (model + ["--sample", "1"], "do not go with a model, a run or a checkpoint"),
      (model + ["--trace", "t"], "--trace does not go"),
      (["verify", checkpoint, "--data", Small.data, "--full"], "--full goes with"),
      (["verify", try Small.finished.get().output, "--recipe", "quick"], "--recipe goes with"),
      (["verify", checkpoint, "--data", Small.data, "--images", "0"], "--images must be"),
    ] { try expectFailure(64, arguments, mentions: mentions) }
    try expectFailure(
      65, ["verify", checkpoint, "--data", "synthetic:3x8x8:4:64"], mentions: "was trained on")
    try expectFailure(66, ["verify", "runs/frist"], mentions: "runs/frist: cannot be opened")
  }
}
