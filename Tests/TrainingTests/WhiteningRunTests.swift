import Datasets
import Foundation
import Graph
import Models
import Testing
import Training

/// Runs by a recipe that whitens images.
@Suite(.serialized)
struct WhiteningRunTests {
  private let tiny: TinyRun

  init() throws {
    var tiny = try TinyRun()
    tiny.recipe.inputNormalization = .zca
    tiny.recipe.epochs = 2
    self.tiny = tiny
  }

  private func run(
    _ tiny: TinyRun, in folder: TemporaryFolder, resume: Bool = false, cache: String? = nil,
    note: @escaping (String) -> Void = { _ in }
  ) throws -> TrainingRun {
    try TrainingRun(
      TrainingRun.Options(
        model: tiny.model, data: tiny.data, recipe: tiny.recipe, seed: tiny.seed, limit: nil,
        folder: try RunFolder(folder.path, resume: resume), resume: resume,
        whitenings: WhiteningStore(folder: cache, note: note)),
      context: TinyRun.context.get())
  }

  @Test func anInterruptedRunEndsInTheSameFiles() throws {
    let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
    #expect(try run(tiny, in: whole).finishes())
    var questions = 0
    let finished = try run(tiny, in: folder).finishes {
      questions += 1
      return questions == 3
    }
    #expect(!finished)
    var notes = 0
    #expect(try run(tiny, in: folder, resume: true, note: { _ in notes += 1 }).finishes())
    // It goes on with the whitening it began with.
    #expect(notes == 0)
    #expect(
      try folder.contents["checkpoint-last.safetensors"]
        == whole.contents["checkpoint-last.safetensors"])
    #expect(try folder.records == whole.records)
  }

  @Test func aCheckpointIsTestedWithItsOwnWhitening() throws {
    let folder = try TemporaryFolder()
    let run = try run(tiny, in: folder)
    #expect(try run.finishes())
    let path = folder.file("checkpoint-last.safetensors")
    let checkpoint = try Checkpoint(contentsOf: path)
    let whitening = try #require(checkpoint.header.whitening)
    #expect(try whitening == Whitening(of: tiny.data.train))
    // Other training images: their whitening must play no part.
    let other = Dataset(
      name: tiny.data.name, classNames: tiny.data.classNames, train: tiny.data.train.prefix(3),
      test: tiny.data.test, mean: tiny.data.mean,
      standardDeviation: tiny.data.standardDeviation)
    let metrics = try checkpoint.evaluate(
      on: other, file: path, batch: tiny.recipe.batchSize, context: TinyRun.context.get())
    let record = try #require(try folder.records.last)
    #expect(metrics.loss == record.testLoss)
    #expect(metrics.error == record.testError)
  }

  @Test func aTrainerWhitensWhatIsNotYetSo() throws {
    var whitened = tiny
    whitened.data = try tiny.data.whitened(by: Whitening(of: tiny.data.train))
    let (first, second) = (try tiny.trainer(), try whitened.trainer())
    try first.trainEpoch()
    try second.trainEpoch()
    #expect(try first.bits == second.bits)
    var other = tiny
    other.recipe.inputNormalization = .meanStd
    let third = try other.trainer()
    try third.trainEpoch()
    #expect(try third.bits != first.bits)
  }

  @Test func aWhiteningIsComputedOnce() throws {
    let cache = try TemporaryFolder()
    var notes: [String] = []
    func whitening() throws -> Whitening {
      try WhiteningStore(folder: cache.path + "/whitening") { notes.append($0) }
        .whitening(of: tiny.data.train)
    }
    let first = try whitening()
    #expect(try whitening() == first)
    #expect(notes == ["computing the whitening of 23 images of 192 values, once"])
    let file = cache.path + "/whitening/\(Whitening.key(of: tiny.data.train)).safetensors"
    for damage in [
      Data(), Data("{".utf8), try Data(contentsOf: URL(fileURLWithPath: file)).dropLast(),
    ] {
      try damage.write(to: URL(fileURLWithPath: file))
      #expect(try whitening() == first)
    }
    #expect(notes.count == 7)
    #expect(notes.filter { $0.contains("is damaged") }.count == 3)
    #expect(try whitening() == first)
    #expect(notes.count == 7)
  }

  @Test func aCheckpointWithoutItsWhiteningIsRefused() throws {
    let folder = try TemporaryFolder()
    _ = try run(tiny, in: folder).finishes { true }
    let path = folder.file("checkpoint-last.safetensors")
    let whole = try SafeTensors(contentsOf: path)
    for change in 0..<4 {
      var file = whole
      switch change {
      case 0: file.tensors["input.matrix"] = nil
      case 1: file.tensors["input.mean"] = nil
      case 2: file.tensors["input.mean"] = SafeTensors.Tensor([0 as Float], shape: [1])
      default:
        file.tensors["input.matrix"] = SafeTensors.Tensor(
          [Float](repeating: .nan, count: 192 * 192), shape: [192, 192])
      }
      try file.write(to: path)
      let error = #expect(throws: TrainingError.self) { try Checkpoint(contentsOf: path) }
      #expect(error?.exitStatus == 65)
      #expect(error?.why.contains("no whitening for its images") == true)
    }
  }
}
