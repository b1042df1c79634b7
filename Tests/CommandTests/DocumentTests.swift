import Foundation
import Testing

/// `--json` prints exactly one document with the keys that users rely on.
@Suite(.serialized)
struct DocumentTests {
  private func expect(_ keys: [String], in object: [String: Any]) {
    let missing = keys.filter { object[$0] == nil }
    #expect(missing.isEmpty, "of \(object.keys.sorted())")
  }

  @Test func summary() throws {
    let result = try Command.run("summary", "wrn-16-4", "--json")
    #expect(result.status == 0 && result.error.isEmpty)
    let object = try result.object()
    expect(
      ["model", "macs", "blocks_per_group", "activation_bytes", "arena_bytes", "layers"],
      in: object)
    #expect(object["parameters"] as? Int == 2_748_890)
    #expect(object["blocks_per_group"] as? Int == 2)
    let layers = try #require(object["layers"] as? [[String: Any]])
    #expect(layers.reduce(0) { $0 + ($1["parameters"] as? Int ?? 0) } == 2_748_890)
    expect(["name", "kind", "output", "parameters", "macs"], in: try #require(layers.first))
  }

  @Test func summaryPlansForTheMemoryThereIs() throws {
    let summary = ["summary", "wrn-28-10", "--batch", "128"]
    let whole = try Command.run(summary + ["--json"]).object()
    #expect(whole["micro_batch"] as? Int == 128)
    let limit = ["WIDECL_MEMORY_LIMIT": "1G"]
    let split = try Command.run(summary + ["--json"], environment: limit).object()
    let images = try #require(split["micro_batch"] as? Int)
    #expect(images < 128 && 128 % images == 0)
    #expect((split["total_bytes"] as? Int ?? .max) <= 1 << 30)
    let text = try Command.run(summary, environment: limit)
    #expect(text.out.contains("in parts of at most \(images) images"))
    let asked = try Command.run(summary + ["--micro-batch", "32", "--json"]).object()
    #expect(asked["micro_batch"] as? Int == 32)
    try expectFailure(75, summary, environment: ["WIDECL_MEMORY_LIMIT": "64M"])
  }

  @Test func summaryTakesSizesFromData() throws {
    let result = try Command.run("summary", "wrn-10-1", "--data", "cifar100", "--json")
    let object = try result.object()
    #expect(object["classes"] as? Int == 100)
    #expect(object["image"] as? String == "3x32x32")
  }

  @Test func summaryNeedsNoDevice() throws {
    let result = try Command.run(
      "summary", "wrn-28-10", environment: ["OCL_ICD_VENDORS": "/nonexistent"])
    #expect(result.status == 0)
    #expect(result.out.contains("36479194"))
  }

  @Test func devices() throws {
    let result = try Command.run("devices", "--json")
    #expect(result.status == 0)
    let rows = try #require(try result.json() as? [[String: Any]])
    expect(["index", "usable", "info"], in: try #require(rows.first))
  }

  @Test func dataList() throws {
    let folder = try TemporaryFolder()
    let images = folder.path("mnist")
    try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: images + "/t10k-labels-idx1-ubyte"))
    let result = try Command.run(
      "data", "list", "--json", environment: ["WIDECL_DATA": folder.url.path])
    #expect(result.status == 0)
    let rows = try #require(try result.json() as? [[String: Any]])
    #expect(rows.compactMap { $0["name"] as? String }.contains("cifar10"))
    let mnist = try #require(rows.first { $0["name"] as? String == "mnist" })
    #expect(mnist["folder"] as? String == images)
    #expect(mnist["origin"] as? String == "WIDECL_DATA")
  }

  @Test func benchStep() throws {
    let result = try Command.run(
      "bench", "step", Small.model, "--image", "1x8x8", "--batch", "4", "--steps", "2",
      "--no-tune", "--json")
    #expect(result.status == 0, "\(result.error)")
    let object = try result.object()
    expect(
      [
        "model", "batch", "device", "median_s", "min_s", "images_per_second", "effective_gflops",
        "peak_device_bytes", "parameters",
      ], in: object)
    #expect(object["batch"] as? Int == 4)
    #expect((object["median_s"] as? Double ?? 0) > 0)
    #expect((object["peak_device_bytes"] as? Int ?? 0) > 0)
  }

  @Test func evaluate() throws {
    let checkpoint = try Small.checkpoint()
    let result = try Command.run("evaluate", checkpoint, "--data", Small.data, "--json")
    #expect(result.status == 0, "\(result.error)")
    let object = try result.object()
    #expect((object["images"] as? Int ?? 0) > 0)
    #expect((0...100).contains(object["error"] as? Double ?? -1))
    #expect(object["loss"] is Double)
    let limited = try Command.run(
      "evaluate", checkpoint, "--data", Small.data, "--limit", "3", "--json")
    #expect(try limited.object()["images"] as? Int == 3)
  }

  @Test(arguments: ["cifar", "svhn", "imagenet", "quick"])
  func everyRecipeIsShownAndEveryFieldIsSet(recipe: String) throws {
    let show = ["train", "--show", "--recipe", recipe]
    #expect(try Command.run(show).object()["epochs"] is Int)
    let settings = [
      "epochs=7", "batchSize=64", "learningRate=0.25", "momentum=0.5", "nesterov=false",
      "dampening=0.125", "weightDecay=0.001", "dropAtStartOfEpoch=false",
      "resetMomentumAtDrop=true", "dropLastBatch=true", "gammaInitialization=one",
      "inputNormalization=divideBy255", "augmentation.flip=false", "augmentation.pad=1",
      "augmentation.padMode=zero", #"schedule={"kind":"steps","epochs":[2,3],"factor":0.5}"#,
      "schedule.factor=0.25",
    ]
    let changed = try Command.run(show + settings.flatMap { ["--set", $0] })
    #expect(changed.status == 0, "\(changed.error)")
    let object = try changed.object()
    let names = settings.compactMap { $0.split(separator: "=").first?.split(separator: ".").first }
    #expect(Set(object.keys) == Set(names.map(String.init)), "a field without a setting")
    #expect(object["epochs"] as? Int == 7 && object["nesterov"] as? Bool == false)
    #expect(object["gammaInitialization"] as? String == "one")
    #expect((object["schedule"] as? [String: Any])?["factor"] as? Double == 0.25)
    #expect((object["augmentation"] as? [String: Any])?["padMode"] as? String == "zero")
  }

  @Test func settingsThatDoNotFitAreRefused() throws {
    for setting in [
      "epochs", "epochs=", "epochs=many", "epochs=0", "epochs=2.5", "speed=1", "momentum.x=1",
      "augmentation=3", "gammaInitialization=two", "=1", "learningRate=1e999",
    ] { try expectFailure(64, ["train", "--show", "--set", setting]) }
  }

  @Test func recipesArePrintedAndReadAgain() throws {
    let folder = try TemporaryFolder()
    let shown = try Command.run("train", "--show", "--recipe", "quick", "--epochs", "7")
    #expect(shown.status == 0)
    let file = folder.path("mine.json")
    try Data(shown.out.utf8).write(to: URL(fileURLWithPath: file))
    let again = try Command.run("train", "--show", "--recipe", file)
    #expect(again.out == shown.out)
    #expect(try again.object()["epochs"] as? Int == 7)
    try Data("{\"epochs\": 1}".utf8).write(to: URL(fileURLWithPath: file))
    try expectFailure(65, ["train", "--show", "--recipe", file])
  }
}
