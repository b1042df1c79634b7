import Datasets
import Foundation
import Testing

@testable import Training

@Suite(.serialized)
struct ImageFolderRunTests {
  /// Images of two classes, written by the report's PNG writer.
  static func tiny() throws -> (TinyRun, TemporaryFolder) {
    let folder = try TemporaryFolder()
    for (split, count) in [("train", 11), ("val", 5)] {
      for label in 0..<2 {
        let path = folder.file("\(split)/class \(label)")
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true)
        for index in 0..<count {
          let pixels = (0..<12 * 10 * 3).map {
            UInt8(truncatingIfNeeded: ($0 * (3 + label) + index * 31) ^ ($0 >> 3))
          }
          let png = try PNG.encoded(pixels[...], height: 12, width: 10, channels: 3)
          try Data(png).write(to: URL(fileURLWithPath: "\(path)/\(index).png"))
        }
      }
    }
    var tiny = try TinyRun()
    tiny.data = try Dataset.load(.folder(size: 8), at: URL(fileURLWithPath: folder.path))
    tiny.recipe.dropLastBatch = false
    tiny.recipe.augmentation.pad = 0
    return (tiny, folder)
  }

  @Test func aStoppedRunContinuesToTheSameBits() throws {
    let (tiny, images) = try Self.tiny()
    let (whole, parts) = (try TemporaryFolder(), try TemporaryFolder())
    let reference = try tiny.run(in: whole)
    #expect(try reference.finishes())
    do {
      var asked = 0
      let first = try tiny.run(in: parts)
      #expect(
        try !first.finishes {
          asked += 1
          return asked == 3
        })
    }
    let second = try tiny.run(in: parts, resume: true)
    #expect(second.trainer.totalSteps > 0)
    #expect(try second.finishes())
    #expect(try second.trainer.bits == reference.trainer.bits)
    #expect(try whole.records == parts.records)
    withExtendedLifetime(images) {}
  }

  @Test func aChangedFolderIsNoticed() throws {
    let (tiny, images) = try Self.tiny()
    let output = try TemporaryFolder()
    #expect(try !tiny.run(in: output).finishes { true })
    let file = URL(fileURLWithPath: images.file("train/class 1/3.png"))
    let whole = try Data(contentsOf: file)
    let (renamed, added) = (images.file("val/class 0/9.png"), images.file("val/class 1/9.png"))
    let changes: [(change: () throws -> Void, undo: () throws -> Void)] = [
      ({ try (whole + Data([0])).write(to: file) }, { try whole.write(to: file) }),
      (
        { try FileManager.default.moveItem(atPath: file.path, toPath: renamed) },
        { try FileManager.default.moveItem(atPath: renamed, toPath: file.path) }
      ),
      (
        { try whole.write(to: URL(fileURLWithPath: added)) },
        { try FileManager.default.removeItem(atPath: added) }
      ),
    ]
    for (change, undo) in changes {
      try change()
      var other = tiny
      other.data = try Dataset.load(.folder(size: 8), at: URL(fileURLWithPath: images.path))
      let error = #expect(throws: TrainingError.self) {
        _ = try other.run(in: output, resume: true)
      }
      #expect(error?.exitStatus == 65 && error?.why.contains("list of image files") == true)
      try undo()
    }
    #expect(try tiny.run(in: output, resume: true).finishes())
  }

  /// A checkpoint of before orientations were written is of a run that ignored them.
  @Test func aRunKeepsToTheOrientationThatItBeganWith() throws {
    let (tiny, images) = try Self.tiny()
    let output = try TemporaryFolder()
    #expect(try !tiny.run(in: output).finishes { true })
    let path = output.file("checkpoint-last.safetensors")
    var checkpoint = try Checkpoint(contentsOf: path)
    #expect(checkpoint.header.orientation == .upright)
    checkpoint.header.orientation = nil
    try Checkpoint(header: checkpoint.header, tensors: checkpoint.tensors).write(to: path)
    #expect(try Checkpoint(contentsOf: path).header.orientation == nil)
    #expect(try tiny.run(in: output, resume: true).finishes())
    #expect(try Checkpoint(contentsOf: path).header.orientation == .ignored)
    withExtendedLifetime(images) {}
  }

  @Test func paddingOfImageFilesIsRefused() throws {
    var (tiny, images) = try Self.tiny()
    tiny.recipe.augmentation.pad = 2
    let error = #expect(throws: TrainingError.self) { _ = try tiny.trainer() }
    #expect(error?.exitStatus == 64 && error?.advice.contains("augmentation.pad=0") == true)
    withExtendedLifetime(images) {}
  }

  @Test func aBrokenImageStopsTrainingByName() throws {
    let (tiny, images) = try Self.tiny()
    try Data([1, 2]).write(to: URL(fileURLWithPath: images.file("train/class 1/3.png")))
    let trainer = try tiny.trainer()
    let error = #expect(throws: DataError.self) { try trainer.trainEpoch() }
    #expect(error?.exitStatus == 65)
    #expect(error?.description.contains("class 1/3.png") == true)
  }
}
