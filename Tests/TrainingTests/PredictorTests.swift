import DeviceRuntime
import Foundation
import Graph
import Models
import Testing

@testable import Datasets
@testable import Training

/// Predictions are what an evaluation answers to the same images.
@Suite(.serialized)
struct PredictorTests {
  private func checkpoint(_ tiny: TinyRun) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    var tiny = tiny
    tiny.recipe.epochs = 1
    #expect(try tiny.run(in: folder).finishes())
    return try Checkpoint(contentsOf: folder.file("checkpoint-last.safetensors"))
  }

  /// Compares the answers to `images` with an evaluation of the whole test split.
  private func expectTheSame(
    _ tiny: TinyRun, _ images: [ImageFile], inBatchesOf batch: Int
  ) throws {
    let (checkpoint, context) = (try checkpoint(tiny), try TinyRun.context.get())
    let queue = try context.makeQueue()
    let store = try ParameterStore(
      network: checkpoint.header.network, for: .evaluation, context: context, queue: queue)
    try checkpoint.restore(into: store, velocities: false, file: "")
    var results: TestResults? = TestResults(tiny.data.test, classNames: tiny.data.classNames)
    let header = checkpoint.header
    let test = try header.whitening.map { try tiny.data.test.whitened(by: $0) } ?? tiny.data.test
    let evaluator = try Evaluator(
      test, mean: header.mean, standardDeviation: header.standardDeviation, batch: 4,
      store: store)
    try evaluator.load()
    let metrics = try #require(try evaluator.evaluate(results: &results))
    let expected = try #require(results)

    let input = try header.imageInput(file: "")
    let predictor = try Predictor(checkpoint, file: "", batch: batch, context: context)
    let inputs = images.map { input.values(from: $0) }
    let answers = try stride(from: 0, to: inputs.count, by: batch).flatMap {
      try predictor.answers(
        to: Array(inputs[$0..<min($0 + batch, inputs.count)]), top: header.classes)
    }
    #expect(answers.count == tiny.data.test.count)
    var loss = 0.0
    for (index, answer) in answers.enumerated() {
      #expect(answer[0].label == Int(expected.predicted[index]))
      #expect(abs(answer[0].probability - expected.confidence[index]) <= 1e-6)
      #expect(abs(answer.reduce(0) { $0 + $1.probability } - 1) <= 1e-12)
      let label = Int(tiny.data.test.labels[index])
      loss -= log(answer.first { $0.label == label }?.probability ?? 0)
    }
    #expect(abs(loss / Double(answers.count) - metrics.loss) <= 1e-5 * metrics.loss)
  }

  @Test("images of bytes, whitened or not", arguments: [Recipe.InputNormalization.meanStd, .zca])
  func imagesOfBytes(normalization: Recipe.InputNormalization) throws {
    var tiny = try TinyRun()
    tiny.recipe.inputNormalization = normalization
    let test = tiny.data.test
    let size = test.height * test.width * test.channels
    try expectTheSame(
      tiny,
      (0..<test.count).map {
        ImageFile(
          width: test.width, height: test.height, channels: test.channels,
          pixels: Array(test.images[$0 * size..<($0 + 1) * size]))
      }, inBatchesOf: 5)
  }

  @Test func imagesOfFiles() throws {
    let (tiny, folder) = try ImageFolderRunTests.tiny()
    let files = try #require(tiny.data.test.files)
    try expectTheSame(
      tiny, (0..<tiny.data.test.count).map { try ImageFile.decode(contentsOf: files[$0]) },
      inBatchesOf: 4)
    withExtendedLifetime(folder) {}
  }

  @Test func theLikeliestComeFirstAndEqualOnesInTheirOrder() {
    let answers = Predictor.ranked([1, 3, 3, -2, 3, 1], top: 5)
    #expect(answers.map(\.label) == [1, 2, 4, 0, 5])
    #expect(answers[0].probability == answers[1].probability)
    let sum = 3 + 2 * exp(-2.0) + exp(-5.0)
    #expect(abs(answers[0].probability - 1 / sum) < 1e-15)
    #expect(abs(answers[3].probability - exp(-2.0) / sum) < 1e-15)
    #expect(Predictor.ranked([1, 2], top: 9).map(\.label) == [1, 0])
    #expect(Predictor.ranked([1e38, -1e38], top: 1).first?.probability == 1)
    #expect(Predictor.ranked([0, -0.0], top: 2).map(\.label) == [0, 1])
  }

  @Test func answersThatAreNotNumbersAreAnError() throws {
    var checkpoint = try checkpoint(TinyRun())
    let bias = try #require(checkpoint.tensors.tensors["fc.bias"])
    checkpoint.tensors.tensors["fc.bias"] = SafeTensors.Tensor(
      [.nan, 0, 0, 0] as [Float], shape: bias.shape)
    let predictor = try Predictor(checkpoint, file: "a", batch: 1, context: TinyRun.context.get())
    let error = #expect(throws: TrainingError.self) {
      try predictor.answers(to: [[Float](repeating: 0, count: 192)], top: 1)
    }
    #expect(error?.exitStatus == 65)
  }

  @Test func namesOfClassesAreTheCheckpointsOrTheDataSets() throws {
    var header = try checkpoint(TinyRun()).header
    #expect(header.printableClassNames == ["class 0", "class 1", "class 2", "class 3"])
    header.classNames = ["a\n", "b", "c", "d"]
    #expect(header.printableClassNames == ["a\\u{a}", "b", "c", "d"])
    (header.classNames, header.data, header.classes) = (nil, "cifar10", 10)
    #expect(header.printableClassNames[3] == "cat")
    header.classes = 3
    #expect(header.printableClassNames == ["class 0", "class 1", "class 2"])
  }
}
