import Datasets
import Foundation
import Models
import Testing

@testable import Training

/// A run's folder is all that a command needs to know of a run.
@Suite(.serialized)
struct RunTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A copy of the small finished run, which may be continued.
  private func run() throws -> String {
    let copy = folder.path("run")
    try FileManager.default.copyItem(atPath: Small.finished.get().output, toPath: copy)
    return copy
  }

  /// The small run's checkpoint with classes of these names.
  private func checkpoint(_ names: [String]?) throws -> String {
    var checkpoint = try Checkpoint(contentsOf: Small.checkpoint())
    checkpoint.header.classNames = names
    let path = folder.path("named.safetensors")
    try Checkpoint(header: checkpoint.header, tensors: checkpoint.tensors).write(to: path)
    return path
  }

  @Test func aRunIsEvaluatedOnItsOwnData() throws {
    let run = try run()
    let own = try Command.run("evaluate", run, "--json")
    #expect(own.status == 0 && own.error.contains("checkpoint-best.safetensors, of epoch"))
    let best = run + "/checkpoint-best.safetensors"
    let named = try Command.run("evaluate", best, "--data", Small.data, "--json")
    #expect(own.out == named.out && named.status == 0)
    #expect(try Command.run("evaluate", best, "--json").out == named.out)
    let result = try own.object()
    #expect(result["error"] as? Double == (try Checkpoint(contentsOf: best).header.bestError))
    let interval = try #require(result["error_interval"] as? [Double])
    let error = try #require(result["error"] as? Double)
    #expect(interval.count == 2 && interval[0] <= error && error <= interval[1])
    let classes = try #require(result["class_errors"] as? [[String: Any]])
    #expect(classes.compactMap { $0["name"] as? String } == (0..<4).map { "class \($0)" })
    #expect(
      classes.compactMap { $0["images"] as? Int }.reduce(0, +) == result["images"] as? Int)

    let text = try Command.run("evaluate", run)
    #expect(text.out.contains("error of each class:"))
    // Training ended with the same words.
    let last = try Command.run("evaluate", run + "/checkpoint-last.safetensors").out
    let confidence = last.split(separator: "\n").filter { $0.contains(/% confidence|are few/) }
    #expect(confidence.count == 2 && confidence[1].hasPrefix("12 test images are few: "))
    let training = try Small.finished.get().result.out.split(separator: "\n")
    #expect(Array(training[1...2]) == confidence, "\(training)")
    let many = try Command.run(
      "evaluate", run, "--data", "synthetic:1x8x8:4:8000", "--no-check", "--tuning", "none")
    #expect(many.out.contains("% confidence") && !many.out.contains("are few"), "\(many.out)")
  }

  @Test func aRunStoppedBeforeItsFirstStepIsBegunByItsFolder() throws {
    let run = folder.path("run")
    let fresh = ["POCL_CACHE_DIR": folder.path("pocl"), "XDG_CACHE_HOME": folder.path("cache")]
    let first = try Command(
      Small.train + ["--epochs", "2", "--ignore-orientation", "--output", run], environment: fresh)
    while first.isRunning, try !first.errorSoFar().contains("compiling") { usleep(5_000) }
    first.interrupt()
    let stopped = try first.wait()
    #expect(stopped.status == 130, "\(stopped.error)")
    #expect(
      stopped.errorLines.last?.hasSuffix("continue with 'widecl train --resume \(run)'") == true,
      "\(stopped.error)")
    let again = try Command.run("train", "--resume", run)
    #expect(again.status == 0, "\(again.error)")
    let header = try Checkpoint(contentsOf: run + "/checkpoint-last.safetensors").header
    #expect(header.recipe.epochs == 2 && header.orientation == .ignored)
  }

  @Test func aRunIsContinuedByItsFolder() throws {
    let run = try run()
    for arguments in [["train", "--resume", run], ["train", run, "--resume"]] {
      let again = try Command.run(arguments)
      #expect(again.status == 0, "\(again.error)")
      #expect(
        again.out
          == (try Small.finished.get().result.out)
          .replacing(try Small.finished.get().output, with: run))
    }
    try expectFailure(64, ["train", run], mentions: "--resume")
    try expectFailure(64, ["train", run, "--resume", "--output", run])
    try expectFailure(66, ["train", "--resume", folder.path("none")], mentions: "config.json")
    // The rates of its schedule depend on the number of epochs.
    try expectFailure(
      65, ["train", "--resume", run, "--epochs", "3"], mentions: "recipe (epochs 3, not 2",
      afterProgress: true)
    try expectFailure(
      65, ["train", "--resume", run, "--set", "weightDecay=0"],
      mentions: "recipe (weightDecay 0, not 0.0005)", afterProgress: true)
  }

  /// Files of older versions are in snake case, and tell no path.
  @Test func anOldRunIsContinued() throws {
    let run = try run()
    let config = URL(fileURLWithPath: run + "/config.json")
    var text = String(decoding: try Data(contentsOf: config), as: UTF8.self)
    for key in ["batchSize", "blocksPerGroup", "dropAtStartOfEpoch", "padMode", "warmUp"] {
      let snake = key.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : "\($1)" }
      text = text.replacing("\"\(key)\"", with: "\"\(snake)\"")
    }
    try Data(text.utf8).write(to: config)
    #expect(try Command.run("train", "--resume", run).status == 0)
    let shown = try Command.run("train", "--show", "--recipe", config.path)
    #expect(shown.status == 0 && shown.out.contains("\"batchSize\" : 16"), "\(shown.error)")
  }

  /// Drops move with --epochs, and a run that is continued for longer keeps the rates it had.
  @Test func schedulesScale() throws {
    let shown = try Command.run("train", "--show", "--epochs", "20")
    #expect(shown.out.replacing(/\s/, with: "").contains("\"epochs\":[7,13,17]"), "\(shown.out)")
    let train = [
      "train", "--model", Small.model, "--data", Small.data, "--recipe", "cifar", "--lr", "0.05",
      "--batch", "16", "--set", "augmentation.pad=2", "--no-tune", "--output",
    ]
    let (whole, parts) = (folder.path("whole"), folder.path("parts"))
    let first = try Command.run(train + [whole, "--epochs", "3"])
    #expect(first.status == 0, "\(first.error)")
    #expect(
      first.error.contains(
        "3 epochs instead of the recipe's 200: drops of the learning rate at epochs 2, 3, instead "
          + "of 60, 120, 160"))
    #expect(try Command.run(train + [parts, "--epochs", "1"]).status == 0)
    let longer = try Command.run("train", "--resume", parts, "--epochs", "3")
    #expect(longer.status == 0, "\(longer.error)")
    let tensors = try [whole, parts].map {
      try SafeTensors(contentsOf: $0 + "/checkpoint-last.safetensors").tensors
    }
    // A run of one epoch has no drop to move, one of three has.
    #expect(tensors[0].keys == tensors[1].keys)
    let six = try Command.run("train", "--resume", whole, "--epochs", "6")
    #expect(six.status == 0 && six.error.contains("the drops stay where they were"))
    let again = try Command.run(train + [folder.path("again"), "--epochs", "1"])
    #expect(again.status == 0)
    let named = try Command.run(train + [folder.path("again"), "--epochs", "3", "--resume"])
    #expect(named.status == 0, "\(named.error)")
    let last = folder.path("again/checkpoint-last.safetensors")
    #expect(try SafeTensors(contentsOf: last).tensors == tensors[0])
  }

  @Test func aFolderOfImagesIsPredicted() throws {
    let run = try run()
    let images = folder.path("images/more")
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    for (name, value) in [("images/b.png", 3), ("images/more/a.PNG", 5)] {
      let pixels = (0..<64).map { UInt8(truncatingIfNeeded: $0 * value) }
      try Data(PNG.encoded(pixels[...], height: 8, width: 8, channels: 1))
        .write(to: URL(fileURLWithPath: folder.path(name)))
    }
    try Data([1]).write(to: URL(fileURLWithPath: folder.path("images/notes.txt")))
    let result = try Command.run("predict", run, folder.path("images"), "--json")
    #expect(result.status == 0)
    #expect(result.error.contains("1 file is not used: 1 other (.txt)"), "\(result.error)")
    let rows = try #require(try result.json() as? [[String: Any]])
    #expect(
      rows.compactMap { $0["image"] as? String }
        == [folder.path("images/b.png"), folder.path("images/more/a.PNG")])
  }

  @Test func otherClassesAreRefusedOrMapped() throws {
    let expected = try Command.run(
      "evaluate", Small.checkpoint(), "--data", Small.data, "--json"
    ).object()
    let named = try checkpoint(["class 0", "b", "class 2", "d"])
    for command in [["evaluate"], ["verify", "--images", "3"]] {
      try expectFailure(
        65, command + [named, "--data", Small.data],
        mentions: "it has a class 'b', \(Small.data) has 'class 1'")
    }
    let map = folder.path("map")
    try Data("class 1 = b\nclass 3 = d\n".utf8).write(to: URL(fileURLWithPath: map))
    let mapped = try Command.run(
      "evaluate", named, "--data", Small.data, "--class-map", map, "--json")
    #expect(mapped.status == 0 && mapped.error.contains("by name, 2 of them by \(map)"))
    #expect(try mapped.object()["loss"] as? Double == expected["loss"] as? Double)
    #expect(
      try Command.run(
        "verify", named, "--data", Small.data, "--class-map", map, "--images", "3"
      ).status == 0)
    let without = try checkpoint(nil)
    let result = try Command.run("evaluate", without, "--data", Small.data, "--json")
    #expect(result.error.contains("has no class names"))
    #expect(try result.object()["loss"] as? Double == expected["loss"] as? Double)
  }
}
