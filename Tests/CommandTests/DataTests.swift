import Foundation
import Testing

/// `widecl data`: what is fetched, found and counted, and what is refused.
@Suite(.serialized)
struct DataTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    let url = folder.url.appending(path: name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  /// An image of the decoder's tests, 23 x 19 pixels.
  private func image(_ name: String) throws -> [UInt8] {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../DatasetsTests/Images/\(name)")
    return [UInt8](try Data(contentsOf: url))
  }

  private func writeImageFolder() throws {
    try write("set/train/a/1.jpg", image("cmyk.jpg"))
    try write("set/train/a/2.png", image("deep.png"))
    try write("set/train/b/1.png", image("grey.png"))
    try write("set/val/b/1.jpg", image("color-progressive.jpg"))
  }

  private func writeMNIST(images: Int = 3, labels: Int = 3) throws {
    for split in ["train", "t10k"] {
      try write(
        "set/\(split)-images-idx3-ubyte",
        [0, 0, 8, 3, 0, 0, 0, UInt8(images), 0, 0, 0, 28, 0, 0, 0, 28]
          + [UInt8](repeating: 9, count: images * 784))
      try write(
        "set/\(split)-labels-idx1-ubyte",
        [0, 0, 8, 1, 0, 0, 0, UInt8(labels)] + [UInt8](repeating: 1, count: labels))
    }
  }

  @Test func aFolderOfImagesIsCounted() throws {
    try writeImageFolder()
    let result = try Command.run("data", "check", folder.path("set"), "--json")
    #expect(result.status == 0, "\(result.error)")
    let check = try result.object()
    #expect(check["name"] as? String == "folder:224")
    #expect(check["train_histogram"] as? [Int] == [2, 1])
    #expect(check["test_histogram"] as? [Int] == [0, 1])
    let sizes = try #require(check["image_sizes"] as? [String: [Int]])
    #expect(sizes == ["height": [19, 19], "width": [23, 23], "channels": [1, 3]])
    let text = try Command.run("data", "check", folder.path("set"))
    #expect(text.out.contains("images  19 x 23 x 1...3\n"), "\(text.out)")
    #expect(text.out.hasSuffix("\ncomplete\n"))
  }

  @Test func theFirstBrokenImageIsNamed() throws {
    try writeImageFolder()
    try write("set/train/b/2.jpg", Array(try image("color.jpg").dropLast(40)))
    try write("set/val/b/2.png", [1, 2, 3])
    let set = folder.path("set")
    let check = try Command.run("data", "check", set)
    #expect(check.status == 65)
    #expect(check.error.hasPrefix("widecl: \(set)/train/b/2.jpg: a broken JPEG ("))
    #expect(check.errorLines.count == 1)
    #expect(check.out.contains("\(set)/val/b/2.png  neither a JPEG nor a PNG image\n"))
    #expect(check.out.hasSuffix("\nnot usable\n"))
    try expectFailure(
      65,
      [
        "train", "--model", "wrn-10-1", "--data", "folder:16", "--data-path", set, "--recipe",
        "quick", "--set", "augmentation.pad=0", "--batch", "4", "--no-tune", "--output",
        folder.path("run"),
      ], mentions: "b/2.jpg: a broken JPEG (", afterProgress: true)
  }

  @Test func imageFilesCannotBeWhitened() throws {
    try writeImageFolder()
    try expectFailure(
      64,
      [
        "train", "--model", "wrn-10-1", "--data", "folder:16", "--data-path", folder.path("set"),
        "--recipe", "quick", "--batch", "2", "--no-tune", "--preprocess", "zca", "--output",
        folder.path("run"),
      ], mentions: "whitening: images must be in memory", afterProgress: true)
  }

  /// MATLAB files as SciPy writes them, one cut short and one whose labels are too few.
  @Test(arguments: [
    ("digits.mat", 100, "replace it with an intact copy"),
    ("few-labels.mat", 0, "has 9 labels in y for the 10 images in X"),
  ])
  func brokenMATLABFilesAreNamed(name: String, cut: Int, reason: String) throws {
    let matrices = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../DatasetsTests/Matrices")
    let whole = [UInt8](try Data(contentsOf: matrices.appending(path: "digits.mat")))
    let broken = [UInt8](try Data(contentsOf: matrices.appending(path: name)).dropLast(cut))
    try write("set/train_32x32.mat", whole)
    try write("set/extra_32x32.mat", broken)
    try write("set/test_32x32.mat", whole)
    let check = try Command.run("data", "check", "svhn", "--data-path", folder.path("set"))
    #expect(check.status == 65)
    #expect(check.error.contains("/extra_32x32.mat: "))
    #expect(check.error.contains(reason), "\(check.error)")
    #expect(check.errorLines.count == 1)
  }

  @Test func aClassWithoutImagesIsNamed() throws {
    try writeImageFolder()
    try write("set/train/c/notes.txt", [1])
    try write("set/train/c/.hidden.png", image("grey.png"))
    let check = try Command.run("data", "check", folder.path("set"))
    #expect(check.status == 65)
    #expect(check.error.contains("/train/c: a class without images"))
    try FileManager.default.removeItem(atPath: folder.path("set/train/c"))
    try FileManager.default.createDirectory(
      atPath: folder.path("set/val/a"), withIntermediateDirectories: true)
    let tested = try Command.run("data", "check", folder.path("set"))
    #expect(tested.status == 65)
    #expect(tested.error.contains("/val/a: a class without images"))
  }

  @Test func aPartOfAPublishedSetIsNotComplete() throws {
    try writeMNIST()
    let check = try Command.run("data", "check", "mnist", "--data-path", folder.path("set"))
    #expect(check.status == 65)
    #expect(check.out.hasSuffix("\nusable, but not complete\n"))
    #expect(check.error.contains("/set: 3 training images, mnist has 60000; "))
    #expect(try Command.run("data", "check", folder.path("set")).status == 65)
  }

  @Test func labelsThatDisagreeAreNamed() throws {
    try writeMNIST(labels: 2)
    let check = try Command.run("data", "check", "mnist", "--data-path", folder.path("set"))
    #expect(check.status == 65)
    #expect(
      check.error.contains(
        "train-labels-idx1-ubyte: has 2 labels for the 3 images of train-images-idx3-ubyte"))
  }

  @Test func aFolderOfNothingIsMissing() throws {
    try write("set/notes.txt", [1])
    try expectFailure(
      66, ["data", "check", folder.path("set")], mentions: "holds no file of a known data set")
    try expectFailure(66, ["data", "check", folder.path("none")])
    try expectFailure(64, ["data", "check", folder.path("set"), "--data-path", "/x"])
  }

  @Test func whatCannotBeFetchedIsSaid() throws {
    let files = ["WIDECL_DATA": folder.path("data"), "WIDECL_MIRROR": folder.path("mirror")]
    let result = try Command.run("data", "fetch", "cifar10", environment: files)
    #expect(result.status == 66)
    #expect(result.errorLines.last?.contains("cifar-10-binary.tar.gz: cannot be") == true)
    try write("mirror/mnist/train-images-idx3-ubyte.gz", [1, 2, 3])
    try expectFailure(
      65, ["data", "fetch", "mnist"], environment: files, mentions: "3 bytes, expected 9912422",
      afterProgress: true)
    try expectFailure(64, ["data", "fetch", "imagenet"], mentions: "fashion-mnist, mnist, ")
    try expectFailure(64, ["data", "fetch"])
    try write("file", [])
    try expectFailure(
      73, ["data", "fetch", "svhn", "--data-path", folder.path("file/x")], environment: files)
  }

  /// Debian's package has the published files without the names and times in their gzip headers;
  /// put back, they have the published sums.
  @Test func fashionMNISTIsFetchedWhole() throws {
    let debian = URL(filePath: "/usr/share/datasets/fashion-mnist")
    for (name, time) in [
      ("train-images-idx3-ubyte", 1_504_176_606), ("train-labels-idx1-ubyte", 1_504_176_606),
      ("t10k-images-idx3-ubyte", 1_504_176_627), ("t10k-labels-idx1-ubyte", 1_504_176_627),
    ] {
      let packed = [UInt8](try Data(contentsOf: debian.appending(path: "\(name).gz")))
      let seconds = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: time >> $0) }
      try write(
        "mirror/fashion-mnist/\(name).gz",
        [0x1F, 0x8B, 8, 8] + seconds + [0, 3] + Array(name.utf8) + [0] + packed.dropFirst(10))
    }
    let places = ["WIDECL_DATA": folder.path("data"), "WIDECL_MIRROR": folder.path("mirror")]
    let result = try Command.run("data", "fetch", "fashion-mnist", "--json", environment: places)
    #expect(result.status == 0, "\(result.error)")
    let check = try result.object()
    #expect(check["train_histogram"] as? [Int] == [Int](repeating: 6000, count: 10))
    #expect(check["shortage"] == nil)
    #expect(result.errorLines.last == "checking every image")
    let names = try FileManager.default.contentsOfDirectory(
      atPath: folder.path("data/fashion-mnist"))
    #expect(names.filter { $0.hasSuffix(".gz") }.count == 4)
    #expect(!names.contains { $0.hasSuffix(".part") })
  }
}
