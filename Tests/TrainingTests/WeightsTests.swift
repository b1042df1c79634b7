import Datasets
import Foundation
import Graph
import Models
import Testing

@testable import Training

/// Weights go to PyTorch and come from there.
@Suite(.serialized)
struct WeightsTests {
  private static let last = "checkpoint-last.safetensors"

  /// The checkpoint of a run of an epoch.
  private static let example = Result {
    let folder = try TemporaryFolder()
    var tiny = try TinyRun()
    tiny.recipe.epochs = 1
    #expect(try tiny.run(in: folder).finishes())
    return try Checkpoint(contentsOf: folder.file(last))
  }

  private func write(_ weights: SafeTensors, _ folder: TemporaryFolder) throws -> String {
    let path = folder.file("weights.safetensors")
    try weights.write(to: path)
    return path
  }

  @Test func exportedWeightsComeBackAsTheyWere() throws {
    let original = try Self.example.get()
    let folder = try TemporaryFolder()
    let exported = try original.weights(file: "original")
    #expect(exported.metadata["format"] == "pt")
    let weights = try ForeignWeights(
      contentsOf: write(exported, folder), model: original.header.model)
    let images = try #require(weights.images)
    let checkpoint = try Checkpoint(
      header: Checkpoint.Header(
        model: original.header.model, images: images, recipe: original.header.recipe, seed: 7),
      weights: weights)
    try checkpoint.write(to: folder.file(Self.last))
    let read = try Checkpoint(contentsOf: folder.file(Self.last))
    #expect(read.tensors.tensors.keys == original.tensors.tensors.keys)
    for (name, tensor) in original.tensors.tensors {
      let same = read.tensors.tensors[name]
      if name.hasPrefix("optimizer.") {
        #expect(same?.shape == tensor.shape && same?.floats?.allSatisfy { $0 == 0 } == true)
      } else {
        #expect(same == tensor)
      }
    }
    var header = original.header
    header.position = read.header.position
    header.bestError = nil
    #expect(read.header == header)
    #expect(read.header.position.epoch == 0 && read.header.position.velocitiesAreFresh)
  }

  @Test func trainingGoesOnFromImportedWeights() throws {
    let original = try Self.example.get()
    let folder = try TemporaryFolder()
    let tiny = try TinyRun()
    let weights = try ForeignWeights(
      contentsOf: write(original.weights(file: ""), folder), model: original.header.model)
    try Checkpoint(
      header: Checkpoint.Header(
        model: original.header.model, images: ImageDescription(of: tiny.data, recipe: tiny.recipe),
        recipe: tiny.recipe, seed: tiny.seed), weights: weights
    ).write(to: folder.file(Self.last))
    let run = try tiny.run(in: folder, resume: true)
    #expect(run.trainer.epoch == 0 && run.trainer.totalSteps == 0)
    let start = try run.trainer.store.read(.parameter).flatMap(\.values)
    let imported = run.trainer.network.parameters.flatMap {
      original.tensors.tensors[$0.name]?.floats ?? []
    }
    #expect(start == imported)
    #expect(try run.finishes())
    #expect(try folder.records.map(\.epoch) == [1, 2, 3])
  }

  /// What PyTorch saved gives PyTorch's logits: `Traces/` has both.
  @Test(arguments: [("wrn-10-1", "wrn-10-1"), ("wrn-13-1-b313", "wrn-13-1-b(3,1,3)")])
  func weightsOfPyTorchGiveItsLogits(trace: String, model: String) throws {
    let path = try #require(Bundle.module.resourceURL).appending(path: "Traces/\(trace)").path
    let description = try Trace(folder: path).description
    let model = try ModelName(parsing: model).model(depthRule: .threeLNPlusFour)
    var file = try SafeTensors(contentsOf: path + "/final.safetensors")
    // PyTorch's batch normalisation saves it, too.
    file.tensors["bn.num_batches_tracked"] = SafeTensors.Tensor(
      type: .i64, shape: [], bytes: [8, 0, 0, 0, 0, 0, 0, 0])
    let folder = try TemporaryFolder()
    let weights = try ForeignWeights(contentsOf: write(file, folder), model: model)
    #expect(weights.channels == description.channels && weights.classes == description.classes)
    #expect(weights.images == nil)
    let (channels, size) = (description.channels, description.size)
    let data = try SyntheticSize(
      parsing: "synthetic:\(channels)x\(size)x\(size):\(description.classes):10")
    let checkpoint = try Checkpoint(
      header: Checkpoint.Header(
        model: model, images: ImageDescription(of: .synthetic(data), recipe: .cifar),
        recipe: .cifar, seed: 1), weights: weights)
    let predictor = try Predictor(
      checkpoint, file: "", batch: description.batch, context: TinyRun.context.get())
    let logits = try predictor.logits(of: images(path, description))
    var largest = 0.0
    for (row, expected) in zip(logits, description.evalLogits) {
      for (value, expected) in zip(row, expected) {
        largest = max(largest, abs(Double(value) - expected))
      }
    }
    print("\(trace): logits differ from PyTorch's by at most \(largest)")
    #expect(largest <= 1e-4 && logits.count == description.batch)
  }

  /// The first batch, [H, W, C] each.
  private func images(_ path: String, _ description: Trace.Description) throws -> [[Float]] {
    let (channels, pixels) = (description.channels, description.size * description.size)
    let file = try SafeTensors(contentsOf: path + "/batches.safetensors")
    let values = try #require(file.tensors["images"]?.floats)
    return (0..<description.batch).map { image in
      (0..<pixels * channels).map {
        values[(image * channels + $0 % channels) * pixels + $0 / channels]
      }
    }
  }

  private func refusal(
    of weights: SafeTensors, model: String = "wrn-10-1", classes: Int = 4
  ) throws -> TrainingError? {
    let folder = try TemporaryFolder()
    let path = try write(weights, folder)
    let model = try ModelName(parsing: model).model()
    let data = try TinyRun.images(classes: classes, train: 8, test: 8)
    let error = #expect(throws: TrainingError.self) {
      _ = try Checkpoint(
        header: Checkpoint.Header(
          model: model, images: ImageDescription(of: data, recipe: .quick), recipe: .quick,
          seed: 1), weights: ForeignWeights(contentsOf: path, model: model))
    }
    #expect(error?.exitStatus == 65)
    #expect(error?.description.split(whereSeparator: \.isNewline).count == 1)
    return error
  }

  @Test func otherTensorsAreRefusedByName() throws {
    let weights = try Self.example.get().weights(file: "")
    var other = weights
    other.tensors["conv1.weight"] = other.tensors.removeValue(forKey: "conv0.weight")
    #expect(
      try refusal(of: other)?.why
        == "it has no tensor 'conv0.weight', which wrn-10-1 needs; it has 'conv1.weight' instead")
    #expect(try refusal(of: weights, model: "wrn-16-1")?.why.contains("and 29 more") == true)
    other = weights
    other.tensors["ema.fc.bias"] = weights.tensors["fc.bias"]
    #expect(
      try refusal(of: other)?.why == "it has a tensor 'ema.fc.bias', which wrn-10-1 has not")
    #expect(try refusal(of: SafeTensors())?.why.contains("'conv0.weight' and") == true)
    let checkpoint = try Self.example.get().tensors
    #expect(try refusal(of: checkpoint)?.why.contains("a checkpoint of this program") == true)
  }

  @Test func otherShapesTypesAndNumbersAreRefusedByName() throws {
    let weights = try Self.example.get().weights(file: "")
    let classes = try refusal(of: weights, classes: 5)
    #expect(classes?.why.contains("'fc.weight' is F32 [4, 64]") == true)
    for name in ["conv0.weight", "fc.bias", "bn.running_var"] {
      let tensor = try #require(weights.tensors[name])
      var other = weights
      other.tensors[name] = SafeTensors.Tensor(
        type: .f32, shape: [1] + tensor.shape, bytes: tensor.bytes)
      #expect(try refusal(of: other)?.why.contains("'\(name)' is") == true)
      other.tensors[name] = SafeTensors.Tensor(
        type: .i32, shape: tensor.shape, bytes: tensor.bytes)
      #expect(try refusal(of: other)?.why.contains("'\(name)' is I32") == true)
      var values = try #require(tensor.floats)
      values[1] = .nan
      other.tensors[name] = SafeTensors.Tensor(values, shape: tensor.shape)
      #expect(try refusal(of: other)?.why.contains("'\(name)' has numbers") == true)
    }
  }
}
