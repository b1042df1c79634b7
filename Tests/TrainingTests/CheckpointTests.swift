import Foundation
import Graph
import Models
import TestSupport
import Testing
import Training

/// Checkpoints that are damaged or lie are refused, whole, and stay as they are.
@Suite(.serialized)
struct CheckpointTests {
  private static let name = "checkpoint-last.safetensors"

  /// The state of a run that was interrupted in its first epoch.
  private static let example = Result {
    let folder = try TemporaryFolder()
    _ = try TinyRun().run(in: folder).finishes { true }
    return try SafeTensors(contentsOf: folder.file(name))
  }

  private func isRefused(_ folder: TemporaryFolder) throws -> Bool {
    let before = try folder.contents
    let error = #expect(throws: TrainingError.self) {
      _ = try TinyRun().run(in: folder, resume: true)
    }
    let description = error?.description ?? ""
    #expect(description.split(whereSeparator: \.isNewline).count == 1)
    #expect(try folder.contents == before)
    return error?.exitStatus == 65
  }

  private func isRefused(_ file: SafeTensors) throws -> Bool {
    let folder = try TemporaryFolder()
    try file.write(to: folder.file(Self.name))
    return try isRefused(folder)
  }

  @Test func tensorsHaveTheNamesOfThePyTorchPort() throws {
    let names = try Self.example.get().tensors.keys
    for name in [
      "conv0.weight", "group0.block0.bn0.weight", "group0.block0.bn0.bias",
      "group0.block0.bn0.running_mean", "group0.block0.bn0.running_var",
      "group0.block0.conv0.weight", "group1.block0.convdim.weight", "bn.weight", "fc.weight",
      "fc.bias", "optimizer.conv0.weight", "optimizer.fc.bias",
    ] {
      #expect(names.contains(name))
    }
    let network = try TinyRun().trainer().network
    #expect(names.count == 2 * network.parameters.count + network.states.count)
  }

  @Test func intactFileIsAccepted() throws {
    let folder = try TemporaryFolder()
    try Self.example.get().write(to: folder.file(Self.name))
    let run = try TinyRun().run(in: folder, resume: true)
    #expect(run.trainer.step == 1 && run.trainer.epoch == 0)
  }

  @Test(arguments: [0, 1, 7, 8, 100, 3000, 100_000, -1])
  func fileCutShortIsRefused(length: Int) throws {
    let folder = try TemporaryFolder()
    let bytes = try Self.example.get().encoded().joined()
    let kept = length < 0 ? bytes.count + length : length
    try Data(bytes.prefix(kept)).write(to: URL(fileURLWithPath: folder.file(Self.name)))
    #expect(try isRefused(folder))
  }

  @Test(arguments: [
    "conv0.weight", "bn.running_var", "group1.block0.convdim.weight", "fc.bias",
    "optimizer.conv0.weight",
  ])
  func tensorThatIsMissingOrOfAnotherKindIsRefused(name: String) throws {
    var file = try Self.example.get()
    let tensor = try #require(file.tensors[name])
    file.tensors[name] = nil
    #expect(try isRefused(file))
    file.tensors[name] = SafeTensors.Tensor(
      type: .f32, shape: [1] + tensor.shape, bytes: tensor.bytes)
    #expect(try isRefused(file))
    file.tensors[name] = SafeTensors.Tensor(
      type: .i32, shape: tensor.shape, bytes: tensor.bytes)
    #expect(try isRefused(file))
    file.tensors[name] = SafeTensors.Tensor(
      type: .f32, shape: [tensor.bytes.count / 4 + 1], bytes: tensor.bytes + [0, 0, 0, 0])
    #expect(try isRefused(file))
  }

  @Test func metadataThatIsMissingIsRefused() throws {
    let example = try Self.example.get()
    let optional: Set = [
      "train_seconds", "best_error", "model_name", "micro_batch", "class_names", "orientation",
    ]
    for key in example.metadata.keys.sorted() where !optional.contains(key) {
      var file = example
      file.metadata[key] = nil
      #expect(try isRefused(file), "\(key)")
    }
  }

  @Test(arguments: [
    ("format", "widecl-2"), ("epoch", "-1"), ("epoch", "4"), ("epoch", "9999999999"),
    ("epoch", "1.5"), ("step", "5"), ("step", "-1"), ("total_steps", "-1"),
    ("total_steps", "99999999999"), ("total_steps", "2"), ("step", "2"), ("epoch", "1"),
    ("velocities_are_fresh", "yes"), ("awaits_evaluation", "1"), ("awaits_evaluation", "true"),
    ("seed", "-7"), ("seed", "8"), ("limit", "x"), ("limit", "5"), ("metrics", "[0,0,0]"),
    ("metrics", "[0,0,2143289344,0]"), ("metrics", "[0,0,2139095040,0]"),
    ("metrics", "[0,0,1900000000,0]"), ("metrics", "[2143289344,0,0,0]"),
    ("metrics", "[0,-1,0,0]"), ("metrics", "\u{1b}[2J\n"), ("model", "{}"), ("recipe", "{}"),
    ("recipe", ""), ("image", "[8,8,3]"), ("classes", "0"), ("classes", "five"),
    ("class_names", "[]"), ("class_names", "cat"),
    ("mean", "[1,2]"), ("mean", "[]"), ("standard_deviation", "[0,1,1]"), ("data", "\u{1b}[2J\n"),
    ("best_error", "low"), ("best_error", "nan"), ("train_seconds", "long"),
    ("train_seconds", "inf"),
  ])
  func metadataThatIsWrongIsRefused(key: String, value: String) throws {
    var file = try Self.example.get()
    file.metadata[key] = value
    #expect(try isRefused(file))
  }

  @Test(arguments: [
    #"{"depth":-4}"#, #"{"width":0}"#, #"{"blockKernels":[]}"#, #"{"blockKernels":[2]}"#,
    #"{"dropout":1}"#, #"{"blocksPerGroup":100000}"#, #"{"dropout":null}"#,
  ])
  func impossibleModelIsRefused(members: String) throws {
    var file = try Self.example.get()
    let text = try #require(file.metadata["model"])
    var model = try #require(
      JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let changes = try #require(
      JSONSerialization.jsonObject(with: Data(members.utf8)) as? [String: Any])
    model.merge(changes) { $1 }
    file.metadata["model"] = String(
      decoding: try JSONSerialization.data(withJSONObject: model), as: UTF8.self)
    #expect(try isRefused(file))
  }

  @Test func evaluationGivesTheNumbersOfTheRun() throws {
    let tiny = try TinyRun()
    let folder = try TemporaryFolder()
    #expect(try tiny.run(in: folder).finishes())
    let last = try #require(try folder.records.last)
    let path = folder.file(Self.name)
    let metrics = try Checkpoint(contentsOf: path).evaluate(
      on: tiny.data, file: path, batch: 4, context: TinyRun.context.get())
    #expect(metrics.loss == last.testLoss && metrics.error == last.testError)
    #expect(metrics.images == 68)
    let other = try TinyRun.images(classes: 5, train: 23, test: 68)
    let error = #expect(throws: TrainingError.self) {
      try Checkpoint(contentsOf: path).evaluate(
        on: other, file: path, batch: 4, context: TinyRun.context.get())
    }
    #expect(error?.exitStatus == 65)
  }

  @Test func memoryIsNotTakenForANetworkWhoseTensorsAreNotThere() throws {
    let tiny = try TinyRun()
    var file = try Self.example.get()
    let claimed = Model.wideResNet(try WideResNet(depth: 10, width: 1000))
    file.metadata["model"] = String(decoding: try JSONEncoder().encode(claimed), as: UTF8.self)
    let folder = try TemporaryFolder()
    let path = folder.file(Self.name)
    try file.write(to: path)
    let error = #expect(throws: TrainingError.self) {
      try Checkpoint(contentsOf: path).evaluate(
        on: tiny.data, file: path, batch: 4, context: TinyRun.context.get())
    }
    #expect(error?.exitStatus == 65)
  }
}
