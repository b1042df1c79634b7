import Foundation
import Glibc
import TestSupport
import Testing

/// Files, devices and folders that are not as they should be.
@Suite(.serialized)
struct FailureTests {
  private func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  @Test func missingFiles() throws {
    try expectFailure(66, ["evaluate", "/nonexistent/a.safetensors", "--data", Small.data])
    try expectFailure(66, ["verify", "--trace", "/nonexistent"])
    try expectFailure(66, ["train", "--show", "--recipe", "/nonexistent/recipe.json"])
    let nowhere = ["--data", "cifar10", "--data-path", "/nonexistent"]
    try expectFailure(66, ["evaluate", try Small.checkpoint()] + nowhere)
    try expectFailure(66, ["train", "--model", "wrn-10-1"] + nowhere)
    try expectFailure(66, ["data", "check"] + ["cifar10", "--data-path", "/nonexistent"])
  }

  @Test func damagedCheckpoints() throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: URL(fileURLWithPath: Small.checkpoint()))
    let path = folder.path("damaged.safetensors")
    var lying = whole
    lying.replaceSubrange(0..<8, with: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
    let damaged: [Data] = [
      Data(), whole.prefix(7), whole.prefix(100), whole.dropLast(1), whole.prefix(whole.count / 2),
      whole + [0], lying, Data("not a checkpoint at all".utf8),
    ]
    for bytes in damaged {
      try write(bytes, to: path)
      try expectFailure(65, ["evaluate", path, "--data", Small.data], mentions: "damaged")
    }
    try expectFailure(66, ["evaluate", folder.url.path, "--data", Small.data])
  }

  @Test func checkpointsOfOtherImagesOrModels() throws {
    try expectFailure(
      65, ["evaluate", try Small.checkpoint(), "--data", "synthetic:3x8x8:4:64"])
    try expectFailure(
      65, ["evaluate", try Small.checkpoint(), "--data", "synthetic:1x8x8:5:64"])
  }

  @Test func aDamagedLastCheckpointIsNotReplaced() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("run")
    try FileManager.default.copyItem(atPath: Small.finished.get().output, toPath: output)
    let path = output + "/checkpoint-last.safetensors"
    let cut = try Data(contentsOf: URL(fileURLWithPath: path)).dropLast(4)
    try write(cut, to: path)
    try expectFailure(
      65, Small.train + ["--epochs", "3", "--output", output, "--resume"], afterProgress: true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(cut))
  }

  @Test func damagedImages() throws {
    let folder = try TemporaryFolder()
    let train = ["train", "--model", "wrn-10-1", "--output", folder.path("run"), "--data"]
    let idx = ["mnist", "--data-path", folder.url.path]
    for name in ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"] {
      try write([0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2], to: folder.path(name))
    }
    for name in ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"] {
      try write([0, 0, 8, 1, 0, 0, 0, 1, 3], to: folder.path(name))
    }
    try expectFailure(65, train + idx)
    try write([0, 0, 9, 3], to: folder.path("train-images-idx3-ubyte"))
    try expectFailure(65, train + idx)
    for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
      try write([11] + [UInt8](repeating: 0, count: 3072), to: folder.path(name))
    }
    try expectFailure(65, train + ["cifar10", "--data-path", folder.url.path])
    let check = try Command.run("data", "check", "cifar10", "--data-path", folder.url.path)
    #expect(check.status == 65)
    #expect(check.errorLines.count == 1)
  }

  @Test func noPlatform() throws {
    let none = ["OCL_ICD_VENDORS": "/nonexistent"]
    let folder = try TemporaryFolder()
    try expectFailure(69, ["devices"], environment: none, mentions: "pocl")
    try expectFailure(69, ["bench", "step", "wrn-10-1"], environment: none)
    try expectFailure(
      69, Small.train + ["--output", folder.path("run")], environment: none)
    #expect(!FileManager.default.fileExists(atPath: folder.path("run")))
    try expectFailure(
      69, ["evaluate", try Small.checkpoint(), "--data", Small.data], environment: none)
    try expectFailure(69, ["devices", "--json"], environment: none)
  }

  @Test func unknownDevice() throws {
    let bench = ["bench", "step", "wrn-10-1"]
    try expectFailure(69, bench + ["--device", "no such device"])
    try expectFailure(69, bench + ["--device", "99"])
    try expectFailure(69, bench, environment: ["WIDECL_DEVICE": "no such device"])
    try expectFailure(
      69, ["evaluate", try Small.checkpoint(), "--data", Small.data, "--device", "99"])
  }

  @Test func aFolderThatCannotBeWritten() throws {
    let folder = try TemporaryFolder()
    // Tests may run as root, whom no permission stops: a file where a folder should be does.
    try write([1, 2, 3], to: folder.path("file"))
    for output in [folder.path("file"), folder.path("file/run"), "/proc/widecl", ""] {
      let tuned = Small.train.filter { $0 != "--no-tune" }
      let result = try Command.run(tuned + ["--output", output])
      #expect(!result.error.contains("tuning"), "minutes of tuning for a run that cannot be")
      try expectFailure(73, Small.train + ["--output", output], afterProgress: true)
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("file"))) == Data([1, 2, 3]))
  }

  @Test func aFolderThatAnotherProcessTrainsInto() throws {
    let folder = try TemporaryFolder()
    let output = folder.path("run")
    let long = Small.train + ["--epochs", "1000000", "--output", output]
    let first = try Command(long)
    while first.isRunning, try !first.errorSoFar().contains("epoch 1/") { usleep(2_000) }
    try expectFailure(73, long + ["--resume"], mentions: "another process", afterProgress: true)
    first.interrupt()
    #expect(try first.wait(seconds: 60).status == 130)
  }

  /// A compiler that ends its process for want of space ends it with the contract's status.
  @Test func noSpaceForCompiledKernels() throws {
    let folder = try TemporaryFolder()
    let bench = [
      "bench", "step", Small.model, "--image", "1x8x8", "--batch", "4", "--steps", "1", "--no-tune",
    ]
    for (kibibytes, status) in [(8, Int32(73)), (1 << 20, 0)] {
      let result = try Command.run(
        bench, environment: ["POCL_CACHE_DIR": folder.path("\(kibibytes)")],
        launcher: ["/bin/bash", "-c", "ulimit -f \(kibibytes); exec \"$@\"", "bash"])
      #expect(result.status == status, "\(result)")
      if status == 73 {
        #expect(result.errorLines.last?.contains("set POCL_CACHE_DIR") == true, "\(result)")
      }
    }
  }

  @Test func moreThanTheDevicesMemory() throws {
    try expectFailure(
      75, ["bench", "step", "wrn-28-10", "--batch", "100000", "--no-tune"], mentions: "--batch")
    let folder = try TemporaryFolder()
    try expectFailure(
      75,
      [
        "train", "--model", "wrn-28-10", "--data", "synthetic:1x8x8:2:64", "--output",
        folder.path("run"),
      ], environment: ["WIDECL_MEMORY_LIMIT": "100M"], mentions: "--batch", afterProgress: true)
    // Before any tuning.
    try expectFailure(
      75, ["bench", "step", Small.model, "--batch", "64"],
      environment: ["WIDECL_MEMORY_LIMIT": "2M"], mentions: "--batch")
    for limit in ["0", "-5", "M", "12Q", "99999999999999G"] {
      try expectFailure(
        64, ["bench", "step", Small.model], environment: ["WIDECL_MEMORY_LIMIT": limit],
        mentions: "WIDECL_MEMORY_LIMIT")
    }
  }

  @Test func aKernelFolderWithoutKernels() throws {
    let folder = try TemporaryFolder()
    for path in [folder.url.path, folder.path("none")] {
      try expectFailure(
        66, ["bench", "step", "wrn-10-1", "--image", "1x8x8", "--no-tune"],
        environment: ["WIDECL_KERNELS": path],
        mentions: "\(path): no folder of kernels; have WIDECL_KERNELS name one")
    }
  }

  /// A kernel that somebody is working on: the compiler's own lines, and what can be done.
  @Test func aKernelThatDoesNotCompile() throws {
    let kernels = try PatchedKernels(
      "sgd/sgd.cl", replacing: "  int i = (int)get_global_id(0) * (VEC * ITEM_N);",
      with: "  int i = (int)get_global_id(0) * (VEC * ITEM_N)\n  nonsense;")
    let bench = ["bench", "step", Small.model, "--image", "1x8x8", "--no-tune", "--no-check"]
    let result = try Command.run(bench, environment: ["WIDECL_KERNELS": kernels.path])
    #expect(result.status == 70 && result.out.isEmpty)
    let lines = result.errorLines
    #expect(lines[0].hasPrefix("kernels of \(kernels.path) "), "\(result.error)")
    let start = try #require(
      lines.firstIndex { $0.hasPrefix("widecl: OpenCL: building sgd/sgd.cl failed") })
    #expect(lines[start].hasSuffix("mend the kernels in \(kernels.path), or unset WIDECL_KERNELS"))
    #expect(
      lines[(start + 1)...].contains {
        $0.hasPrefix("  ") && $0.contains("error:") && $0.contains("sgd/sgd.cl:")
      }, "\(result.error)")
  }
}
