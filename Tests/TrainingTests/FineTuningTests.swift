import Datasets
import Foundation
import Graph
import Models
import TestSupport
import Testing

@testable import Training

/// Trainings that start from another network's weights.
@Suite(.serialized)
struct FineTuningTests {
  private static let last = "checkpoint-last.safetensors"

  /// Weights for 7 classes, in the small run's network.
  private func weights(_ folder: TemporaryFolder) throws -> (path: String, file: SafeTensors) {
    let network = try TinyRun().model.network(
      image: ImageShape(height: 8, width: 8, channels: 3), classes: 7)
    let start = GeneratedStart(key: "fine-tuning")
    var file = SafeTensors()
    for parameter in network.parameters + network.states {
      file.tensors[parameter.name] = SafeTensors.Tensor(
        start.values(of: parameter), shape: parameter.fileShape)
    }
    let path = folder.file("weights.safetensors")
    try file.write(to: path)
    return (path, file)
  }

  private func options(
    _ tiny: TinyRun, _ fineTuning: FineTuning, in folder: TemporaryFolder, resume: Bool = false,
    microBatch: Int? = nil
  ) throws -> TrainingRun.Options {
    TrainingRun.Options(
      model: tiny.model, data: tiny.data, recipe: tiny.recipe, fineTuning: fineTuning,
      seed: tiny.seed, limit: nil, microBatch: microBatch,
      folder: try RunFolder(folder.path, resume: resume), resume: resume)
  }

  private func run(_ options: TrainingRun.Options) throws -> TrainingRun {
    try TrainingRun(options, context: TinyRun.context.get())
  }

  @Test func aNewHeadIsDrawnAndTheRestIsTheFiles() throws {
    let (files, folder) = (try TemporaryFolder(), try TemporaryFolder())
    let (path, file) = try weights(files)
    let tiny = try TinyRun()
    let tuning = FineTuning(weights: path, newHead: true, freeze: [])
    let started = try run(options(tiny, tuning, in: folder)).trainer.store
    let drawn = try tiny.trainer().store
    for (kind, isHead) in [(ParameterStore.Kind.parameter, true), (.state, false)] {
      for (new, plain) in zip(try started.read(kind), try drawn.read(kind)) {
        if isHead && new.parameter.name.hasPrefix("fc.") {
          #expect(new.values == plain.values)
        } else {
          #expect(new.values == file.tensors[new.parameter.name]?.floats)
        }
      }
    }
  }

  /// Frozen parts keep their bits, in batches that go whole and in parts; a stopped run ends in the
  /// bits of one that was not.
  @Test(arguments: [nil, 2])
  func frozenPartsStayAndAStoppedRunContinues(microBatch: Int?) throws {
    let (files, whole, parts) = (
      try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder()
    )
    let (path, file) = try weights(files)
    let tiny = try TinyRun()
    let tuning = FineTuning(weights: path, newHead: true, freeze: ["group0", "group1"])
    #expect(try run(options(tiny, tuning, in: whole, microBatch: microBatch)).finishes())
    var asked = 0
    let stopped = try run(options(tiny, tuning, in: parts, microBatch: microBatch)).finishes {
      asked += 1
      return asked == 4
    }
    #expect(!stopped)
    // The file is not asked for again.
    try FileManager.default.removeItem(atPath: path)
    #expect(try run(options(tiny, tuning, in: parts, resume: true)).finishes())
    #expect(try whole.contents[Self.last] == parts.contents[Self.last])

    let checkpoint = try Checkpoint(contentsOf: whole.file(Self.last))
    #expect(checkpoint.header.fineTuning == tuning)
    for parameter in checkpoint.header.network.parameters {
      let isFrozen = ["group0.", "group1."].contains { parameter.name.hasPrefix($0) }
      #expect(
        (checkpoint.tensors.tensors[parameter.name] == file.tensors[parameter.name]) == isFrozen,
        "\(parameter.name)")
    }
    let error = #expect(throws: TrainingError.self) {
      let other = FineTuning(weights: path, newHead: true, freeze: ["group0"])
      _ = try run(options(tiny, other, in: parts, resume: true))
    }
    #expect(error?.exitStatus == 65 && error?.why.contains("--freeze") == true)
  }

  @Test func aCheckpointIsAStartToo() throws {
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    var tiny = try TinyRun()
    tiny.recipe.epochs = 1
    #expect(try tiny.run(in: first).finishes())
    let tuning = FineTuning(weights: first.file(Self.last), newHead: false, freeze: [])
    let started = try run(options(tiny, tuning, in: second)).trainer.store
    let trained = try Checkpoint(contentsOf: first.file(Self.last)).tensors.tensors
    for (parameter, values) in try started.read(.parameter) {
      #expect(values == trained[parameter.name]?.floats)
    }
    #expect(try started.read(.velocity).allSatisfy { $0.values.allSatisfy { $0 == 0 } })
    // Its labels are matched by name.
    let weights = try tuning.read(for: tiny.model)
    #expect(try weights.fitted(tiny.data, note: { _ in }).classNames == tiny.data.classNames)
    let other = try TinyRun.images(classes: 5, train: 8, test: 8)
    let error = #expect(throws: TrainingError.self) { try weights.fitted(other, note: { _ in }) }
    #expect(error?.exitStatus == 65 && error?.advice.contains("--new-head") == true)
  }

  @Test(arguments: [
    (["group9"], true, "no 'group9'; did you mean 'group0'?"),
    (["conv0", "group0", "group1", "group2", "bn", "fc"], true, "nothing is left"),
  ])
  func whatCannotBeFrozenIsWrongUsage(freeze: [String], newHead: Bool, why: String) throws {
    let network = try TinyRun().model.network(
      image: ImageShape(height: 8, width: 8, channels: 3), classes: 4)
    let error = #expect(throws: TrainingError.self) {
      try FineTuning(weights: "", newHead: newHead, freeze: freeze)
        .check(network, name: "wrn-10-1")
    }
    #expect(error?.exitStatus == 64 && error?.why.contains(why) == true, "\(error?.why ?? "")")
  }

  @Test func onlyALinearHeadCanBeginAnew() throws {
    let network = try ModelName(parsing: "nin").model().network(
      image: ImageShape(height: 32, width: 32, channels: 3), classes: 4)
    let error = #expect(throws: TrainingError.self) {
      try FineTuning(weights: "", newHead: true, freeze: []).check(network, name: "nin")
    }
    #expect(error?.exitStatus == 64)
  }
}
