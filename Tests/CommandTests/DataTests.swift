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
    #expect(check["name"] as? String == "folder:64")
    #expect(check["class_names"] as? [String] == ["a", "b"])
    #expect(check["train_histogram"] as? [Int] == [2, 1])
    #expect(check["test_histogram"] as? [Int] == [0, 1])
    let sizes = try #require(check["image_sizes"] as? [String: [Int]])
    #expect(sizes == ["height": [19, 19], "width": [23, 23], "channels": [1, 3]])
    let text = try Command.run("data", "check", folder.path("set"))
    #expect(text.out.contains("images  19 x 23 x 1...3\n"), "\(text.out)")
    #expect(text.out.contains("\nclass a  2 to train, 0 to test: none, "), "\(text.out)")
    #expect(text.out.contains("\nto train on it  widecl train --data "))
    #expect(text.out.hasSuffix("\ncomplete\n"))
    #expect(text.errorLines.isEmpty)
  }

  @Test func theRecipeOfAFolderIsShownAsItWouldBe() throws {
    try writeImageFolder()
    let set = folder.path("set")
    let usual = try Command.run("train", "--show", "--recipe", "quick").object()
    for data in [["--data", set], ["--data", "folder:32", "--data-path", set]] {
      let shown = try Command.run(["train", "--show"] + data)
      let recipe = try JSONSerialization.jsonObject(with: Data(shown.out.utf8)) as? [String: Any]
      #expect((recipe?["augmentation"] as? [String: Any])?["pad"] as? Int == 0)
      let batch = try #require(recipe?["batchSize"] as? Int)
      #expect(batch < usual["batchSize"] as? Int ?? 0, "\(shown.out)")
    }
  }

  @Test func whatARunLeavesOutIsSaidOnOneLine() throws {
    try writeImageFolder()
    for name in ["train/a/1.heic", "train/a/2.HEIC", "train/b/notes.txt"] {
      try write("set/\(name)", [1])
    }
    let line = "folder:64: 3 files are not used: 2 .heic, 1 other (.txt)"
    let set = folder.path("set")
    let check = try Command.run("data", "check", set, "--json")
    #expect(check.errorLines == [line])
    let unused = try #require(try check.object()["unused"] as? [String: Any])
    #expect(unused["images"] as? [String: Int] == [".heic": 2])
    let train = try Command.run(
      "train", "--model", "wrn-10-1", "--data", set, "--recipe", "quick", "--set",
      "augmentation.pad=0", "--batch", "2", "--epochs", "1", "--limit", "2", "--no-tune",
      "--no-check", "--output", folder.path("run"))
    #expect(train.status == 0, "\(train.error)")
    #expect(train.errorLines.filter { $0 == line }.count == 1)
    let checkpoint = folder.path("run/checkpoint-last.safetensors")
    let evaluation = try Command.run(
      "evaluate", checkpoint, "--data", set, "--batch", "2", "--tuning", "none", "--no-check",
      "--json")
    #expect(evaluation.status == 0, "\(evaluation.error)")
    #expect(evaluation.errorLines == [line])
    #expect(try evaluation.object()["images"] as? Int == 1)
    let prediction = try Command.run(
      "predict", checkpoint, folder.path("set/train"), "--tuning", "none", "--no-check", "--json")
    #expect(try (prediction.json() as? [Any])?.count == 3)
    #expect(
      prediction.errorLines == [
        folder.path("set/train") + ": 3 files are not used: 2 .heic, 1 other (.txt)"
      ])
  }

  /// A folder with nothing but classes: a split of the images is made, recorded and kept.
  @Test func plainFoldersAreTrainedOnAndHeldToTheirSplit() throws {
    for name in ["cat", "dog"] {
      for number in 1...5 { try write("set/\(name)/\(number).png", image("grey.png")) }
    }
    let set = folder.path("set")
    let check = try Command.run("data", "check", set)
    #expect(check.status == 0, "\(check.error)")
    #expect(check.out.contains("class cat  4 to train, 1 to test\n"), "\(check.out)")
    let train = [
      "train", "--model", "wrn-10-1", "--recipe", "quick", "--set", "augmentation.pad=0",
      "--batch", "4", "--no-tune", "--no-check", "--output", folder.path("run"), "--data",
    ]
    let first = try Command.run(train + [set, "--epochs", "1"])
    #expect(first.status == 0, "\(first.error)")
    #expect(first.error.contains("20 % of each class, drawn by seed 1, are the test images\n"))
    let checkpoint = folder.path("run/checkpoint-last.safetensors")
    let bytes = try Data(contentsOf: URL(filePath: checkpoint)).prefix(8192)
    let head = String(decoding: bytes, as: UTF8.self)
    #expect(head.contains(#""orientation":"upright""#))
    #expect(head.contains(#"{\"percent\":20,\"seed\":1}"#))
    // The same by name and path; images of another size are refused.
    let evaluate = [
      "evaluate", checkpoint, "--batch", "2", "--tuning", "none", "--no-check", "--json", "--data",
    ]
    let named = try Command.run(evaluate + ["folder:64", "--data-path", set])
    #expect(try named.object()["images"] as? Int == 2)
    try expectFailure(
      65, evaluate + ["folder:32", "--data-path", set], mentions: "trained on", afterProgress: true)
    try expectFailure(64, evaluate + [set, "--data-path", set], mentions: "not both")
    try expectFailure(
      65, train + [set, "--epochs", "1", "--resume", "--ignore-orientation"],
      mentions: "another orientation", afterProgress: true)
    // One more image is noticed.
    try write("set/cat/6.png", image("color.png"))
    let other = try Command.run(evaluate + [set])
    #expect(other.error.contains("other files than in the training"), "\(other.error)")
    try expectFailure(
      65, train + [set, "--epochs", "1", "--resume"], mentions: "another list of image files",
      afterProgress: true)
  }

  @Test func allThatIsWrongWithAFolderIsToldBeforeAnythingElse() throws {
    try writeImageFolder()
    try write("set/train/c/1.heic", [1])
    try write("set/val/d/1.png", image("grey.png"))
    let set = folder.path("set")
    for arguments in [
      ["data", "check", set],
      ["train", "--model", "wrn-10-1", "--data", set, "--output", folder.path("run")],
    ] {
      let result = try Command.run(arguments)
      #expect(result.status == 65)
      #expect(result.errorLines.count == 1)
      for part in ["2 things are wrong: ", "/train/c: a class without images", "/val/d: no class"] {
        #expect(result.error.contains(part), "\(result.error)")
      }
    }
    try expectFailure(
      66, ["train", "--model", "wrn-10-1", "--data", folder.path("none")],
      mentions: "no such folder")
  }

  @Test func arraysOfNumpysAreTrainedOn() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../DatasetsTests/Arrays/medmnist.npz").standardizedFileURL.path
    let result = try Command.run(
      "train", "--model", "wrn-10-1", "--data", "npz:\(file)", "--recipe", "quick", "--batch", "4",
      "--set", "augmentation.pad=1", "--epochs", "1", "--no-tune", "--no-check", "--output",
      folder.path("run"))
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains(": not used: val_images.npy, val_labels.npy\n"))
    let check = try Command.run("data", "check", "npz:\(file)", "--json")
    #expect(try check.object()["train_histogram"] as? [Int] == [3, 2, 2])
  }

  /// All that are broken, before a kernel is compiled or a run's folder made.
  @Test func brokenImagesAreToldAtOnceBeforeAnythingElse() throws {
    for (name, content) in [("b", "grey.png"), ("a", "color.png")] {
      for number in 1...3 { try write("set/val/\(name)/\(number).png", image(content)) }
    }
    try writeImageFolder()
    let (set, run) = (folder.path("set"), folder.path("run"))
    let train = [
      "train", "--model", "wrn-10-1", "--data", "folder:16", "--data-path", set, "--recipe",
      "quick", "--set", "augmentation.pad=0", "--batch", "2", "--epochs", "1", "--output",
    ]
    #expect(try Command.run(train + [run, "--no-tune", "--no-check"]).status == 0)
    try write("set/train/b/2.jpg", Array(try image("color.jpg").dropLast(40)))
    try write("set/val/b/2.png", [1, 2, 3])
    let check = try Command.run("data", "check", set)
    #expect(check.status == 65 && check.errorLines.count == 1)
    #expect(check.out.contains("\(set)/val/b/2.png  no JPEG, PNG, WebP, TIFF or BMP image\n"))
    #expect(check.out.hasSuffix("\nnot usable\n"))
    let compiled = folder.path("pocl")
    let environment = ["POCL_CACHE_DIR": compiled, "XDG_CACHE_HOME": folder.path("cache")]
    let broken = "\(set)/train/b/2.jpg: a broken JPEG (Premature end of JPEG file)"
    let both = "2 of 11 images cannot be used: \(broken), \(set)/val/b/2.png: no JPEG"
    #expect(check.error.contains(both), "\(check.error)")
    let other = folder.path("other")
    try expectFailure(
      65, train + [other], environment: environment, mentions: both, afterProgress: true)
    #expect(!FileManager.default.fileExists(atPath: other))
    let study = ["reproduce", "table9", "--data", "folder:16", "--data-path", set, "--output"]
    try expectFailure(
      65, study + [other], environment: environment, mentions: both, afterProgress: true)
    // A test has no use for the other images, nor a limited one for all.
    try expectFailure(
      65, ["evaluate", run], environment: environment, mentions: "\(set)/val/b/2.png: no JPEG",
      afterProgress: true)
    let programs = (try? FileManager.default.subpathsOfDirectory(atPath: compiled)) ?? []
    #expect(!programs.contains { $0.hasSuffix(".so") })
    let few = try Command.run("evaluate", run, "--limit", "3", "--no-check", "--tuning", "none")
    #expect(few.status == 0, "\(few.error)")
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
    try expectFailure(66, ["data", "check", folder.path("none")], mentions: "no such folder;")
    try expectFailure(66, ["train", "--data", folder.path("none")], mentions: "no such folder;")
    try expectFailure(66, ["train", "--data", folder.path("set/notes.txt")], mentions: "not a f")
    try expectFailure(
      65, ["train", "--data", folder.path("set")],
      mentions: "no folder of a class, but 1 file beside each other; make a folder for each class")
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
