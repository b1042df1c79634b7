import Foundation
import Testing

/// Each reader of files, in a process of its own, on files that were made hostile.
///
/// A sample of `make fuzz`. The seed is the date's; WIDECL_TEST_SEED repeats another day's.
@Suite struct HostileFileTests {
  private static let inputs = 2000

  private static let seed: String = {
    if let seed = ProcessInfo.processInfo.environment["WIDECL_TEST_SEED"] { return seed }
    let date = Calendar(identifier: .gregorian).dateComponents([.year, .month, .day], from: Date())
    return "\(((date.year ?? 0) * 100 + (date.month ?? 0)) * 100 + (date.day ?? 0))"
  }()

  @Test(arguments: [
    "idx", "idx-gzip", "cifar", "svhn", "npz", "jpeg", "png", "webp", "tiff", "bmp", "exif",
    "image-folder", "safetensors", "checkpoint",
    "tuning", "journal", "program-cache", "recipe", "run-log",
    "weights", "safetensors-index", "class-map", "run-configuration",
  ])
  func noFileTrapsHangsOrTakesMemory(target: String) throws {
    print("WIDECL_TEST_SEED=\(HostileFileTests.seed) \(target)")
    let folder = try TemporaryFolder()
    let result = try Command.run(
      target, "--inputs", "\(HostileFileTests.inputs)", "--seed", HostileFileTests.seed, "--folder",
      folder.path("scratch"), program: "widecl-fuzz")
    guard result.status == 0 else {
      // What it read when it ended is still there.
      let kept = URL(fileURLWithPath: Command.folder.path).appending(path: "hostile-\(target)")
      try? FileManager.default.removeItem(at: kept)
      try FileManager.default.copyItem(at: folder.url.appending(path: "scratch"), to: kept)
      Issue.record(
        "\(target), seed \(HostileFileTests.seed): status \(result.status), see \(kept.path): \(result.error.prefix(2000))"
      )
      return
    }
    let tally = try result.object()
    let count = try #require(tally["inputs"] as? Int)
    let accepted = try #require(tally["accepted"] as? Int)
    #expect(count >= HostileFileTests.inputs)
    // Were all refused, or none, the changes would reach one side of the checks only.
    #expect(accepted > 0 && accepted < count, "\(target), seed \(HostileFileTests.seed)")
  }
}
