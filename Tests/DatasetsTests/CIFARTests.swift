import Foundation
import Testing

@testable import Datasets

@Suite struct CIFARTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// One record: labels, then the red, green and blue plane.
  private func record(_ labels: [UInt8], seed: Int) -> [UInt8] { labels + noise(3072, seed: seed) }

  private func writeCIFAR10(_ prefix: String = "") throws {
    for batch in 1...5 {
      try folder.write(
        "\(prefix)data_batch_\(batch).bin",
        record([UInt8(batch)], seed: batch) + record([9], seed: batch + 10))
    }
    try folder.write("\(prefix)test_batch.bin", record([0], seed: 99))
  }

  @Test func planesBecomeChannelsOfEachPixel() throws {
    try writeCIFAR10()
    let data = try Dataset.load(.cifar10, at: folder.url)
    #expect(data.train.count == 10)
    #expect([data.train.height, data.train.width, data.train.channels] == [32, 32, 3] as [Int])
    #expect(data.train.labels == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9])
    #expect(data.test.labels == [0])
    let planes = noise(3072, seed: 3)
    for row in 0..<32 {
      for column in 0..<32 {
        for channel in 0..<3 {
          #expect(
            data.train.images[((4 * 32 + row) * 32 + column) * 3 + channel]
              == planes[channel * 1024 + row * 32 + column])
        }
      }
    }
    #expect(data.mean == [125.3, 123.0, 113.9])
    #expect(data.standardDeviation == [63.0, 62.1, 66.7])
    #expect(data.classNames.count == 10)
  }

  @Test func cifar100UsesTheFineLabel() throws {
    try folder.write(
      "cifar-100-binary/train.bin", record([19, 99], seed: 1) + record([3, 0], seed: 2))
    try folder.write("cifar-100-binary/test.bin", record([0, 42], seed: 3))
    let data = try Dataset.load(.cifar100, at: folder.url)
    #expect(data.train.labels == [99, 0])
    #expect(data.test.labels == [42])
    #expect(data.train.images[1] == noise(3072, seed: 1)[1024])
    #expect(Set(data.classNames).count == 100)
    #expect(data.classNames[99] == "worm")
    #expect(data.classNames == data.classNames.sorted())
  }

  @Test func childFolderOfTheArchiveIsFound() throws {
    try writeCIFAR10("cifar-10-batches-bin/")
    #expect(try Dataset.load(.cifar10, at: folder.url).train.count == 10)
  }

  @Test func classNamesComeFromTheFileBesideTheData() throws {
    try writeCIFAR10()
    try folder.write("batches.meta.txt", [UInt8]("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\u{1B}\n\n".utf8))
    #expect(
      try Dataset.load(.cifar10, at: folder.url).classNames
        == ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j\\u{1b}"])
    try folder.write("batches.meta.txt", [UInt8]("a\nb\n".utf8))
    expectError(.malformed, "batches.meta.txt: has 2 class names, expected 10") {
      try Dataset.load(.cifar10, at: folder.url)
    }
  }

  @Test(arguments: [0, 1, 3072, 3074, 6145])
  func wrongLengthIsFound(length: Int) throws {
    try writeCIFAR10()
    try folder.write("data_batch_4.bin", [UInt8](repeating: 0, count: length))
    expectError(.malformed, "data_batch_4.bin: cut short or too long: \(length) bytes") {
      try Dataset.load(.cifar10, at: folder.url)
    }
  }

  @Test func wholeRecordsTooManyOrTooFewAreFound() throws {
    for count in [1, 3] {
      try writeCIFAR10()
      try folder.write("data_batch_2.bin", [UInt8](repeating: 0, count: 3073 * count))
      expectError(.malformed, "data_batch_2.bin: has \(count) images, data_batch_1.bin has 2") {
        try Dataset.load(.cifar10, at: folder.url)
      }
    }
  }

  @Test func labelOutOfRangeIsNamed() throws {
    try writeCIFAR10()
    try folder.write("data_batch_3.bin", record([1], seed: 1) + record([10], seed: 2))
    expectError(.malformed, "data_batch_3.bin: label 1 is 10, the classes are 0...9") {
      try Dataset.load(.cifar10, at: folder.url)
    }
    let fine = try folder.write("fine.bin", record([19, 100], seed: 1))
    expectError(.malformed, "label 0 is 100, the classes are 0...99") {
      try CIFAR.records(fine, labelClasses: CIFAR.cifar100Labels)
    }
    let coarse = try folder.write("coarse.bin", record([20, 99], seed: 1))
    expectError(.malformed, "label 0 is 20, the classes are 0...19") {
      try CIFAR.records(coarse, labelClasses: CIFAR.cifar100Labels)
    }
  }

  @Test func missingFileIsNamed() throws {
    try writeCIFAR10()
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("data_batch_5.bin"))
    expectError(.missing, "data_batch_5.bin: no such file") {
      try Dataset.load(.cifar10, at: folder.url)
    }
  }

  @Test func thePythonVersionIsNamed() throws {
    let other = try TemporaryFolder()
    try other.write("cifar-10-batches-py/data_batch_1", [0x80, 2])
    try other.write("c/train", [0x80, 2])
    let locator = DatasetLocator(environment: [:])
    for place in [other.url.path, other.url.path + "/cifar-10-batches-py"] {
      expectError(
        .missing, "data_batch_1: is of cifar10's Python version; the binary version is needed",
        "run 'widecl data fetch cifar10'"
      ) {
        try locator.locate(.cifar10, explicit: place)
      }
    }
    expectError(.missing, "c/train: is of cifar100's Python version", "cifar-100-binary") {
      try locator.locate(.cifar100, explicit: other.url.path + "/c")
    }
    expectError(.missing, "no file of mnist") {
      try locator.locate(.mnist, explicit: other.url.path)
    }
  }
}
