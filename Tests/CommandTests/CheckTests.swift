import Foundation
import TestSupport
import Testing

/// Runs whose operations are checked first, as their users meet them.
@Suite(.serialized)
struct CheckTests {
  /// Images that are wrong in the usual configuration, without flips.
  private func wrongImages() throws -> PatchedKernels {
    try PatchedKernels(
      "augment/augment.cl", replacing: "max(augment_column(column, draw), 0)",
      with: "max(augment_column(column, draw) - (!FLIP && column == 3 && ITEM_M > 200), 0)")
  }

  private func evaluate(
    _ environment: [String: String], _ options: [String] = []
  ) throws -> CommandResult {
    try Command.run(
      ["evaluate", try Small.checkpoint(), "--data", Small.data, "--json"] + options,
      environment: environment)
  }

  @Test("an evaluation is right though its first configuration is not; --no-check is not")
  func evaluationGoesOn() throws {
    let cache = try TemporaryFolder()
    var environment = ["XDG_CACHE_HOME": cache.url.path]
    let right = try evaluate(environment)
    #expect(right.status == 0 && right.error.contains("checked "), "\(right.error)")
    #expect(try evaluate(environment).errorLines.isEmpty, "nothing is checked twice")
    let kernels = try wrongImages()
    environment["WIDECL_KERNELS"] = kernels.path
    let first = try evaluate(environment)
    #expect(first.status == 0 && first.out == right.out, "\(first.error)")
    #expect(first.errorLines.count == 3, "\(first.error)")
    #expect(first.errorLines[0].hasPrefix("kernels of \(kernels.path) "))
    #expect(first.errorLines[1].hasPrefix("widecl: augment [N12 of 12 8x8x1] v16_im512_wg1 on "))
    #expect(first.errorLines[1].contains("is wrong: x["))
    let second = try evaluate(environment)
    #expect(second.status == 0 && second.out == right.out && second.errorLines.count == 1)
    let known = try evaluate(environment, ["--no-check"])
    #expect(known.status == 0 && known.out == right.out && known.errorLines.count == 1)
    let elsewhere = try TemporaryFolder()
    let unchecked = try evaluate(
      environment.merging(["XDG_CACHE_HOME": elsewhere.url.path]) { $1 }, ["--no-check"])
    #expect(unchecked.status == 0 && unchecked.out != right.out && unchecked.errorLines.count == 1)
    _ = try Command.run(["tune", "--clear"], environment: environment)
    #expect(try evaluate(environment).error.contains("is wrong"), "forgotten by tune --clear")
  }

  @Test("where none is right, the command ends with 70 and says nothing false")
  func noneIsRight() throws {
    let cache = try TemporaryFolder()
    let kernels = try PatchedKernels(
      "loss/softmax_cross_entropy.cl", replacing: "metrics[1] = errors;",
      with: "metrics[1] = errors + 1.0f;")
    let environment = ["XDG_CACHE_HOME": cache.url.path, "WIDECL_KERNELS": kernels.path]
    for arguments in [
      ["evaluate", try Small.checkpoint(), "--data", Small.data],
      Small.train + ["--epochs", "1", "--output", cache.path("run")],
      ["bench", "step", Small.model, "--batch", "4", "--steps", "1", "--no-tune"],
    ] {
      let result = try Command.run(arguments, environment: environment)
      #expect(result.status == 70 && result.out.isEmpty, "\(arguments): \(result.out)")
      let last = try #require(result.errorLines.last)
      #expect(last.hasPrefix("widecl: softmax_cross_entropy ["), "\(last)")
      #expect(last.contains("no configuration is right, the last one: metrics[1] is "))
      #expect(last.hasSuffix("; mend the kernels in \(kernels.path)"), "\(last)")
    }
  }

  @Test("a run that was recorded with a configuration that is wrong now says so and goes on")
  func recordedRun() throws {
    let cache = try TemporaryFolder()
    let output = cache.path("run")
    var environment = ["XDG_CACHE_HOME": cache.url.path]
    // Its schedule lets a run go on with more epochs.
    let train = [
      "train", "--model", Small.model, "--data", Small.data, "--recipe", "cifar", "--batch", "16",
      "--lr", "0.01", "--no-tune", "--output", output, "--resume",
    ]
    #expect(try Command.run(train + ["--epochs", "1"], environment: environment).status == 0)
    let before = try String(contentsOfFile: output + "/tuning.json", encoding: .utf8)
    let kernels = try wrongImages()
    environment["WIDECL_KERNELS"] = kernels.path
    let second = try Command.run(train + ["--epochs", "2"], environment: environment)
    #expect(second.status == 0, "\(second.error)")
    #expect(second.error.contains("its bits are not those of a run that began with them"))
    let after = try String(contentsOfFile: output + "/tuning.json", encoding: .utf8)
    #expect(after != before && after.contains("\"augment\""))
    let third = try Command.run(train + ["--epochs", "3"], environment: environment)
    #expect(third.status == 0 && !third.error.contains("bits"), "\(third.error)")
  }

  @Test("checks between epochs change nothing of a run")
  func repeatedChecks() throws {
    let folder = try TemporaryFolder()
    let arguments = Small.train + ["--epochs", "3", "--output"]
    let plain = try Command.run(arguments + [folder.path("plain")])
    let checked = try Command.run(arguments + [folder.path("checked"), "--check-every", "1"])
    #expect(plain.status == 0 && checked.status == 0, "\(checked.error)")
    func checkpoint(_ name: String) throws -> Data {
      try Data(contentsOf: folder.url.appending(path: "\(name)/checkpoint-last.safetensors"))
    }
    #expect(try checkpoint("plain") == checkpoint("checked"))
    try expectFailure(
      64, Small.train + ["--check-every", "0"], mentions: "--check-every must be at least 1")
    try expectFailure(
      64, Small.train + ["--check-every", "1", "--no-check"], mentions: "does not go with")
  }

  /// pocl's code for AVX2 was wrong in evaluation's images; the processor must know AVX2 to run it.
  @Test(
    "pocl's code for AVX2 gives the numbers of its usual code",
    .enabled(
      if: (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains(" avx2 ")
        == true
        && FileManager.default.fileExists(atPath: "/etc/OpenCL/vendors/pocl.icd"),
      "needs pocl and a processor with AVX2"))
  func codeForAVX2() throws {
    let folder = try TemporaryFolder()
    let data = "synthetic:1x28x28:4:64"
    let trained = try Command.run([
      "train", "--model", Small.model, "--data", data, "--recipe", "quick", "--batch", "16",
      "--epochs", "1", "--no-tune", "--output", folder.path("run"),
    ])
    #expect(trained.status == 0, "\(trained.error)")
    func loss(_ environment: [String: String]) throws -> Double {
      let result = try Command.run(
        [
          "evaluate", folder.path("run/checkpoint-last.safetensors"), "--data", data, "--json",
          "--no-check",
        ], environment: environment)
      return try #require(try result.object()["loss"] as? Double, "\(result.error)")
    }
    let usual = try loss([:])
    let other = try loss([
      "POCL_LLVM_CPU_NAME": "haswell", "POCL_KERNELLIB_NAME": "avx2",
      "POCL_CACHE_DIR": folder.path("pocl"), "WIDECL_DEVICE": "",
    ])
    #expect(abs(usual - other) < 1e-4 * usual, "\(usual) and \(other)")
  }
}
