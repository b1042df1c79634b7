import Foundation
import Testing

@testable import Datasets

@Suite struct DatasetTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func writeMNIST(
    images: [String] = ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"],
    labels: [String] = ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"]
  ) throws {
    for (index, name) in images.enumerated() {
      try folder.write(name, idx(0x803, [3, 28, 28], noise(3 * 784, seed: index)))
    }
    for name in labels {
      try folder.write(name, idx(0x801, [3], [1, 9, 1]))
    }
  }

  @Test(arguments: [DatasetName.mnist, .fashionMNIST])
  func loadsTheFourFiles(name: DatasetName) throws {
    try writeMNIST()
    let data = try Dataset.load(name, at: folder.url)
    #expect(data.name == name.description)
    #expect(data.train.images == noise(3 * 784, seed: 0))
    #expect(data.test.images == noise(3 * 784, seed: 1))
    #expect(data.train.labels == [1, 9, 1])
    #expect([data.train.height, data.train.width, data.train.channels] == [28, 28, 1] as [Int])
    #expect(data.classNames[9] == (name == .mnist ? "9" : "Ankle boot"))
    #expect(data.mean == [name == .mnist ? 33.3184 : 72.9404])
    #expect(data.standardDeviation == [name == .mnist ? 78.5675 : 90.0212])
  }

  @Test func everySpellingIsFound() throws {
    try writeMNIST(
      images: ["train-images.idx3-ubyte", "t10k-images.idx3-ubyte.gz"],
      labels: ["train-labels.idx1-ubyte.gz", "t10k-labels.idx1-ubyte"])
    try folder.makeFolder("t10k-labels-idx1-ubyte")
    #expect(try Dataset.load(.mnist, at: folder.url).test.count == 3)
  }

  @Test(arguments: ["raw/", "MNIST/raw/"])
  func childFolderIsFound(child: String) throws {
    try writeMNIST(
      images: ["train", "t10k"].map { "\(child)\($0)-images-idx3-ubyte" },
      labels: ["train", "t10k"].map { "\(child)\($0)-labels-idx1-ubyte" })
    #expect(try Dataset.load(.mnist, at: folder.url).train.count == 3)
  }

  @Test(arguments: [1, 2, 4])
  func imagesAndLabelsMustMatchInNumber(count: Int) throws {
    try writeMNIST()
    try folder.write(
      "t10k-labels-idx1-ubyte", idx(0x801, [UInt32(count)], [UInt8](repeating: 1, count: count)))
    expectError(
      .malformed, "t10k-labels-idx1-ubyte: has \(count) labels for the 3 images of t10k-images"
    ) {
      try Dataset.load(.mnist, at: folder.url)
    }
  }

  @Test func imagesOfAnotherSizeAreRefused() throws {
    try writeMNIST()
    try folder.write("train-images-idx3-ubyte", idx(0x803, [3, 32, 32], noise(3072)))
    expectError(.malformed, "the images are 32x32, expected 28x28") {
      try Dataset.load(.mnist, at: folder.url)
    }
  }

  @Test func folderInPlaceOfAFileIsNamed() throws {
    try writeMNIST(images: ["t10k-images-idx3-ubyte"])
    try folder.makeFolder("train-images-idx3-ubyte")
    expectError(.missing, "train-images-idx3-ubyte: a folder, not a file") {
      try Dataset.load(.mnist, at: folder.url)
    }
  }

  @Test func prefixLimitsBothSplits() throws {
    try writeMNIST()
    let data = try Dataset.load(.mnist, at: folder.url)
    #expect(data.prefix(2).train == data.train.prefix(2))
    #expect(data.prefix(2).test.count == 2)
  }

  @Test func checkCountsFilesAndClasses() throws {
    try writeMNIST()
    let check = Dataset.check(.mnist, at: folder.url)
    #expect(check.ok)
    #expect(check.files.map(\.ok) == [true, true, true, true])
    #expect(check.files.map(\.count) == [3, 3, 3, 3])
    #expect(check.files.map(\.bytes) == [2368, 11, 2368, 11])
    #expect(check.trainHistogram == [0, 2, 0, 0, 0, 0, 0, 0, 0, 1])
    #expect(check.testHistogram == check.trainHistogram)
    #expect(check.folder == folder.url.path)
    #expect(check.imageSizes == .init(height: 28...28, width: 28...28, channels: 1...1))
    #expect(!check.isComplete)
    #expect(check.shortage?.why == "3 training images, mnist has 60000")
    #expect(try JSONEncoder().encode(check).count > 100)
  }

  @Test func checkReportsEachBadFile() throws {
    try writeMNIST(images: ["train-images-idx3-ubyte"])
    try folder.write("train-labels-idx1-ubyte", idx(0x801, [3], [1, 2]))
    let check = Dataset.check(.mnist, at: folder.url)
    #expect(!check.ok)
    #expect(check.files.map(\.ok) == [true, false, false, true])
    #expect(check.files.map(\.bytes) == [2368, 10, nil, 11])
    #expect(check.problem?.category == .malformed)
    #expect(check.files[2].problem?.category == .missing)
    #expect(check.trainHistogram.isEmpty)
  }

  @Test func checkReportsWhatIsWrongBetweenFiles() throws {
    try writeMNIST()
    try folder.write("train-labels-idx1-ubyte", idx(0x801, [2], [1, 2]))
    let check = Dataset.check(.mnist, at: folder.url)
    #expect(check.files.map(\.ok) == [true, true, true, true])
    #expect(check.problem?.why.contains("2 labels for the 3 images") == true)
  }

  @Test(
    arguments: [
      (60_000, 10_000, 10, nil), (59_999, 10_000, 10, "59999 training images, mnist has 60000"),
      (60_000, 9_999, 10, "9999 test images, mnist has 10000"),
      (60_000, 10_000, 9, "9 classes, mnist has 10"),
    ] as [(Int, Int, Int, String?)])
  func publishedNumbersAreComplete(train: Int, test: Int, classes: Int, why: String?) {
    let shortage = DatasetName.mnist.shortage(
      in: folder.url, train: train, test: test, classes: classes)
    #expect(shortage?.why == why)
    #expect(shortage.map(\.exitStatus) ?? 65 == 65)
    #expect(
      DatasetName.folder(size: 8).shortage(in: folder.url, train: train, test: 1, classes: 2) == nil
    )
  }

  @Test func folderTellsItsDataSet() throws {
    expectError(.missing, "holds no file of a known data set") {
      try DatasetName(foundIn: folder.url)
    }
    for (path, name) in [
      ("fashion-mnist/t10k-labels-idx1-ubyte.gz", DatasetName.fashionMNIST),
      ("mnist/train-labels-idx1-ubyte", .mnist), ("c/train.bin", .cifar100),
      ("d/cifar-10-batches-bin/test_batch.bin", .cifar10), ("s/extra_32x32.mat", .svhn),
      ("imagenet/train/a/1.jpg", .imagenet(size: 224)), ("i/train/a/1.jpg", .folder(size: 64)),
      ("p/cats/1.jpg", .folder(size: 64)), ("kmnist/train-images-idx3-ubyte.gz", .kmnist),
      ("e/emnist-letters-test-labels-idx1-ubyte", .emnist(.letters)),
    ] {
      try folder.write(path, [])
      let root = try #require(path.split(separator: "/").first)
      #expect(try DatasetName(foundIn: folder.url.appending(path: String(root))) == name)
    }
  }

  @Test func checkOfSyntheticDataHasNoFiles() throws {
    let check = try Dataset.check(
      DatasetName(parsing: "synthetic:1x2x2:2:10"), from: DatasetLocator(environment: [:]))
    #expect(check.ok && check.files.isEmpty && check.folder == nil)
    #expect(check.trainHistogram == [5, 5])
  }
}
