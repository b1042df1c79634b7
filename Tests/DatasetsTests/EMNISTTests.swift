import Foundation
import Testing

@testable import Datasets

/// EMNIST, QMNIST and Kuzushiji-MNIST, which are MNIST's format in other dresses.
@Suite struct EMNISTTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func write(_ name: String, _ bytes: [UInt8], packed: Bool) throws {
    try folder.write(packed ? name + ".gz" : name, packed ? folder.gzip(bytes) : bytes)
  }

  @Test(arguments: EMNISTSplit.allCases)
  func imagesStandUprightAndLabelsHaveTheirNames(split: EMNISTSplit) throws {
    let first = split == .letters ? 1 : 0
    let classes = split.classNames.count
    let lying = noise(2 * 784)
    for (part, isPacked) in [("train", true), ("test", false)] {
      let stem = "gzip/emnist-\(split.rawValue)-\(part)"
      try write("\(stem)-images-idx3-ubyte", idx(0x803, [2, 28, 28], lying), packed: isPacked)
      try write(
        "\(stem)-labels-idx1-ubyte", idx(0x801, [2], [UInt8(first), UInt8(first + classes - 1)]),
        packed: isPacked)
    }
    let name = try DatasetName(parsing: "emnist-\(split.rawValue)")
    let data = try Dataset.load(name, at: folder.url)
    #expect(data.train.labels == [0, Int32(classes - 1)])
    #expect(name.format?.classes == classes && data.classes == classes)
    for (image, row, column) in [(0, 3, 20), (1, 27, 0), (1, 5, 6)] {
      #expect(
        data.test.images[image * 784 + row * 28 + column]
          == lying[image * 784 + column * 28 + row])
    }
    #expect(data.mean == data.train.channelStatistics().mean)
    #expect(DatasetFiles(name, in: folder.url).anyExists)
  }

  @Test func namesOfLetters() {
    #expect(EMNISTSplit.letters.classNames.first == "a")
    #expect(EMNISTSplit.letters.classNames.last == "z")
    #expect(EMNISTSplit.byclass.classNames[10] == "A")
    #expect(EMNISTSplit.byclass.classNames[61] == "z")
    #expect(EMNISTSplit.balanced.classNames.suffix(2) == ["r", "t"])
    #expect(
      EMNISTSplit.allCases.map(\.classNames.count) == [47, 62, 47, 10, 26, 10])
  }

  @Test func labelsBelowTheFirstAreNamed() throws {
    let file = try folder.write("labels", idx(0x801, [3], [1, 26, 0]))
    expectError(.malformed, "label 2 is 0, the classes are 1...26") {
      try EMNISTSplit.letters.contents.readLabels(file)
    }
  }

  /// QMNIST tells eight numbers of each image, of four bytes each.
  @Test func labelsOfQMNISTAreTheFirstColumn() throws {
    func table(_ labels: [UInt8]) -> [UInt8] {
      idx(0xC02, [UInt32(labels.count), 8], labels.flatMap { [0, 0, 0, $0] + noise(28) })
    }
    for part in ["train", "test"] {
      try write(
        "qmnist-\(part)-images-idx3-ubyte", idx(0x803, [2, 28, 28], noise(1568)), packed: true)
      try write("qmnist-\(part)-labels-idx2-int", table([7, 3]), packed: true)
    }
    let data = try Dataset.load(.qmnist, at: folder.url)
    #expect(data.train.labels == [7, 3])
    #expect(data.train.images == noise(1568))
    let file = try folder.write("labels", table([7, 10]))
    expectError(.malformed, "label 1 is 10, the classes are 0...9") {
      try IDX.tableLabels(file, classes: 10)
    }
    let cut = try folder.write("cut", Array(table([7, 3]).dropLast()))
    expectError(.malformed, "cut short") { try IDX.tableLabels(cut, classes: 10) }
    let bytes = try folder.write("bytes", idx(0x801, [2], [7, 3]))
    expectError(.malformed, "wrong magic number 0x00000801, expected 0x00000c02") {
      try IDX.tableLabels(bytes, classes: 10)
    }
  }

  @Test func whatIsNotDownloadedSaysWhereItIs() throws {
    let locator = DatasetLocator(environment: ["WIDECL_DATA": folder.url.path])
    expectError(.missing, "emnist-letters: not found in ", "gzip.zip of nist.gov") {
      try locator.locate(.emnist(.letters))
    }
    expectError(.usage, "qmnist: cannot be downloaded", "github.com/facebookresearch/qmnist") {
      try DatasetFetch(.qmnist, into: folder.url)
    }
    #expect(throws: Never.self) { try DatasetFetch(.kmnist, into: folder.url) }
  }
}
