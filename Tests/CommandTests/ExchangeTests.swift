import Datasets
import Foundation
import Graph
import Models
import Testing

@testable import Training

/// export, import and predict, as users call them.
@Suite(.serialized)
struct ExchangeTests {
  private static func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// A copy of the small run's checkpoint, beside which files may be written.
  private func copy(_ folder: TemporaryFolder) throws -> String {
    let path = folder.path("net.safetensors")
    try FileManager.default.copyItem(atPath: Small.checkpoint(), toPath: path)
    return path
  }

  /// The first images that the small run is tested with, as PNG files.
  private func images(_ count: Int, _ folder: TemporaryFolder) throws -> [String] {
    let test = try Dataset.synthetic(SyntheticSize(parsing: Small.data)).test
    let size = test.height * test.width
    return try (0..<count).map { index in
      let path = folder.path("\(index).png")
      let pixels = test.images[index * size..<(index + 1) * size]
      try Self.write(
        try PNG.encoded(pixels, height: test.height, width: test.width, channels: 1), to: path)
      return path
    }
  }

  @Test func weightsMakeTheRoundTrip() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try copy(folder)
    let exported = try Command.run(
      "export", checkpoint, "--format", "torch", "--module", folder.path("net.py"))
    #expect(exported.status == 0, "\(exported.error)")
    #expect(
      exported.errorLines.count == 1
        && exported.error.hasPrefix(
          "images go in as 1x8x8, grey, (299 red + 587 green + 114 blue) / 1000: scaled, short side"
        ), "\(exported.error)")
    let weights = folder.path("net-torch.safetensors")
    #expect(exported.out == "\(weights)\n\(folder.path("net.py"))\n")
    let module = try String(contentsOfFile: folder.path("net.py"), encoding: .utf8)
    #expect(module.contains("class Network(nn.Module):"))

    let imported = try Command.run(
      "import", weights, "--model", Small.model, "--recipe", "quick", "--output",
      folder.path("back.safetensors"))
    #expect(imported.status == 0 && imported.errorLines.isEmpty, "\(imported.error)")
    #expect(imported.out == folder.path("back.safetensors") + "\n")
    let (old, new) = (
      try SafeTensors(contentsOf: checkpoint),
      try SafeTensors(contentsOf: folder.path("back.safetensors"))
    )
    #expect(old.tensors.keys == new.tensors.keys)
    for (name, tensor) in old.tensors where !name.hasPrefix("optimizer.") {
      #expect(new.tensors[name] == tensor)
    }
    #expect(new.metadata["class_names"] == old.metadata["class_names"])
    let evaluate = ["evaluate", "--data", Small.data, "--json"]
    #expect(
      try Command.run(evaluate + [folder.path("back.safetensors")]).out
        == Command.run(evaluate + [checkpoint]).out)
  }

  /// What the file says of its classes holds, whatever the order of the data set's.
  @Test func importedClassesAreTheFiles() throws {
    let folder = try TemporaryFolder()
    let names = ["class 3", "class 0", "class 2", "class 1"]
    var weights = try Checkpoint(contentsOf: Small.checkpoint()).weights(file: "")
    weights.metadata["class_names"] = try jsonText(names)
    try weights.write(to: folder.path("weights.safetensors"))
    let imported = try Command.run(
      "import", folder.path("weights.safetensors"), "--model", Small.model, "--data", Small.data,
      "--output", folder.path("net.safetensors"))
    #expect(imported.status == 0 && imported.errorLines.count == 1, "\(imported.error)")
    #expect(
      try Checkpoint.Header(contentsOf: folder.path("net.safetensors")).classNames == names)
  }

  @Test func onnxIsWrittenBesideTheCheckpoint() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try copy(folder)
    let none = ["OCL_ICD_VENDORS": "/nonexistent"]
    let exported = try Command.run("export", checkpoint, "--format", "onnx", environment: none)
    #expect(exported.status == 0 && exported.out == folder.path("net.onnx") + "\n")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("net.onnx")))
    // ModelProto's ir_version and producer_name.
    #expect(bytes.starts(with: [0x08, 0x08, 0x12, 0x06] + Array("widecl".utf8)))
  }

  /// A file whose images nothing tells is taken by its shapes, aloud.
  @Test func importTellsWhatItAssumes() throws {
    let folder = try TemporaryFolder()
    let weights = folder.path("weights.safetensors")
    try self.weights(channels: 1, classes: 10).write(to: weights)
    let imports = ["import", weights, "--model", "wrn-10-1", "--output"]
    let silent = try Command.run(
      imports + [folder.path("a.safetensors"), "--data", "fashion-mnist"])
    #expect(silent.status == 0 && silent.errorLines.isEmpty)
    let told = try Command.run(imports + [folder.path("b.safetensors")])
    #expect(told.status == 0 && told.errorLines.count == 1)
    #expect(told.error.contains("fashion-mnist") && told.error.contains("--data"))
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: folder.path("a.safetensors")))
        == Data(contentsOf: URL(fileURLWithPath: folder.path("b.safetensors"))))
    try expectFailure(65, imports + [folder.path("c")] + ["--data", "cifar10"], mentions: "conv0")
    try expectFailure(73, imports + [folder.path("a.safetensors")], mentions: "exists")
    try self.weights(channels: 1, classes: 4).write(to: weights)
    try expectFailure(64, imports + [folder.path("c")], mentions: "--data")
    #expect(
      try Command.run(imports + [folder.path("c.safetensors"), "--data", Small.data]).status == 0)
  }

  /// What PyTorch might have written of WRN-10-1.
  private func weights(channels: Int, classes: Int) throws -> SafeTensors {
    let network = try ModelName(parsing: "wrn-10-1").model().network(
      image: ImageShape(height: 8, width: 8, channels: channels), classes: classes)
    var result = SafeTensors()
    for parameter in network.parameters + network.states {
      result.tensors[parameter.name] = SafeTensors.Tensor(
        [Float](repeating: 0.5, count: parameter.count), shape: parameter.fileShape)
    }
    return result
  }

  @Test func failuresOfExchange() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try copy(folder)
    let export = ["export", checkpoint, "--format"]
    try expectFailure(66, ["export", "/nonexistent/a", "--format", "onnx"])
    try expectFailure(64, export + ["keras"])
    try expectFailure(64, ["export", checkpoint])
    try expectFailure(64, export + ["onnx", "--module", folder.path("net.py")])
    try expectFailure(64, export + ["torch", "--output", checkpoint], mentions: "different")
    try expectFailure(73, export + ["onnx", "--output", folder.path("none/net.onnx")])
    try expectFailure(65, ["import", checkpoint, "--model", Small.model], mentions: "already")
    try expectFailure(66, ["import", "/nonexistent/a", "--model", Small.model])
    try Self.write(Array("weights".utf8), to: folder.path("broken"))
    try expectFailure(65, ["export", folder.path("broken"), "--format", "torch"])
    try expectFailure(65, ["import", folder.path("broken"), "--model", Small.model])
    let weights = folder.path("net-torch.safetensors")
    #expect(try Command.run(export + ["torch"]).status == 0)
    try expectFailure(64, ["import", weights, "--model", "wrn-9-1"])
    try expectFailure(64, ["import", weights, "--model", Small.model, "--recipe", "none"])
    try expectFailure(64, ["import", weights, "--model", Small.model, "--data-path", "/"])
    try expectFailure(65, ["import", weights, "--model", "wrn-16-1"], mentions: "no tensor")
    try expectFailure(
      73, ["import", weights, "--model", Small.model, "--output", folder.path("none/a")])
  }

  @Test func predictionsAreTheEvaluations() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Small.checkpoint()
    let images = try images(3, folder)
    let result = try Command.run(["predict", checkpoint, "--json", "--top", "9"] + images)
    #expect(
      result.status == 0 && result.errorLines.allSatisfy { $0.hasPrefix("checked ") },
      "\(result.error)")
    let rows = try #require(try result.json() as? [[String: Any]])
    #expect(rows.compactMap { $0["image"] as? String } == images)
    var probabilities: [Double] = []
    for (index, row) in rows.enumerated() {
      let classes = try #require(row["classes"] as? [[String: Any]])
      #expect(Set(classes.compactMap { $0["label"] as? Int }) == [0, 1, 2, 3])
      let values = classes.compactMap { $0["probability"] as? Double }
      #expect(values == values.sorted(by: >) && abs(values.reduce(0, +) - 1) < 1e-9)
      // Image i of a synthetic data set has class i.
      let own = try #require(classes.first { $0["label"] as? Int == index })
      #expect(own["name"] as? String == "class \(index)")
      probabilities.append(try #require(own["probability"] as? Double))
    }
    let evaluated = try Command.run(
      "evaluate", checkpoint, "--data", Small.data, "--limit", "1", "--json"
    ).object()
    let loss = try #require(evaluated["loss"] as? Double)
    #expect(abs(exp(-loss) - probabilities[0]) <= 1e-6)

    let text = try Command.run("predict", checkpoint, images[0], "--top", "2")
    let lines = text.out.split(separator: "\n")
    #expect(lines.count == 3 && lines[0] == images[0])
    #expect(lines.dropFirst().allSatisfy { $0.contains("% ") && $0.contains("class ") })
  }

  @Test func aBadImageDoesNotStopTheOthers() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Small.checkpoint()
    let images = try images(2, folder)
    try Self.write([1, 2, 3], to: folder.path("bad.png"))
    let mixed = [images[0], folder.path("bad.png"), "/nonexistent/a.png", images[1]]
    let text = try Command.run(["predict", checkpoint, "--top", "1"] + mixed)
    #expect(text.status == 65)
    #expect(text.errorLines.count == 2)
    #expect(text.errorLines.first?.hasPrefix("widecl: \(folder.path("bad.png")): ") == true)
    let named = text.out.split(separator: "\n").filter { $0.hasSuffix(".png") }.map(String.init)
    #expect(named == images)
    let json = try Command.run(
      ["predict", checkpoint, "--json", "--batch", "1"] + mixed.reversed())
    #expect(json.status == 66)
    let rows = try #require(try json.json() as? [[String: Any]])
    #expect(rows.map { $0["classes"] == nil } == [false, true, true, false])
    #expect(rows.map { $0["error"] == nil } == [true, false, false, true])

    try expectFailure(66, ["predict", checkpoint, "/nonexistent/a.png"])
    try expectFailure(65, ["predict", checkpoint, folder.path("bad.png")])
    try FileManager.default.createDirectory(
      atPath: folder.path("none"), withIntermediateDirectories: false)
    try expectFailure(
      66, ["predict", checkpoint, folder.path("none")], mentions: "a folder without images")
    try expectFailure(65, ["predict", folder.path("bad.png"), images[0]])
    try expectFailure(66, ["predict", "/nonexistent/a", images[0]])
    try expectFailure(64, ["predict", checkpoint])
    try expectFailure(64, ["predict", checkpoint, images[0], "--top", "0"])
    try expectFailure(64, ["predict", checkpoint, images[0], "--batch", "0"])
    try expectFailure(
      69, ["predict", checkpoint, images[0]], environment: ["OCL_ICD_VENDORS": "/nonexistent"])
  }
}
