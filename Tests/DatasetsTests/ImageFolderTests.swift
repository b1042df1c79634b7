import Foundation
import Randomness
import Testing

@testable import Datasets

@Suite struct ImageFolderTests {
  private func fixture(_ name: String) throws -> [UInt8] {
    let folder = try #require(Bundle.module.resourceURL)
    return [UInt8](try Data(contentsOf: folder.appending(path: "Images/\(name)")))
  }

  private func made() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("train/b/2.png", fixture("color.png"))
    try folder.write("train/b/10.JPEG", fixture("color.jpg"))
    try folder.write("train/a/x.jpg", fixture("grey.jpg"))
    try folder.write("val/b/y.png", fixture("grey.png"))
    return folder
  }

  @Test func classesAreSortedFolders() throws {
    let folder = try made()
    let data = try Dataset.load(.folder(size: 16), at: folder.url)
    #expect(data.classNames == ["a", "b"])
    #expect(data.train.labels == [0, 1, 1])
    #expect(data.test.labels == [1])
    #expect(data.train.files?[1].lastComponent == "10.JPEG")
    #expect([data.train.height, data.train.width, data.train.channels] == [16, 16, 3] as [Int])
    #expect(data.prefix(2).train.labels == [0, 1])
  }

  @Test func whatDoesNotFitIsRefusedByName() throws {
    let folder = try made()
    let load = { try Dataset.load(.folder(size: 16), at: folder.url) }
    try folder.makeFolder("train/c")
    expectError(.malformed, "train/c: a class without images", from: load)
    try folder.write("train/c/1.HEIC", [1])
    expectError(.malformed, "train/c: a class without images", "only 1 .heic", from: load)
    try FileManager.default.removeItem(at: folder.url.appending(path: "train/c"))
    try folder.write("val/d/y.png", fixture("grey.png"))
    expectError(.malformed, "val/d: no class", from: load)
    try FileManager.default.removeItem(at: folder.url.appending(path: "val"))
    expectError(.missing, "val: no such folder") {
      try Dataset.load(.imagenet(size: 16), at: folder.url)
    }
  }

  @Test func allThatIsWrongIsTold() throws {
    let folder = try made()
    try folder.makeFolder("train/c")
    try folder.makeFolder("train/d")
    try folder.write("val/e/y.png", fixture("grey.png"))
    expectError(
      .malformed, "3 things are wrong: ", "train/c: a class without images",
      "train/d: a class without images", "val/e: no class of"
    ) {
      try Dataset.load(.folder(size: 16), at: folder.url)
    }
  }

  @Test func foldersBelowAClassAreWalked() throws {
    let folder = try made()
    try folder.write("train/a/more/deep/1.PNG", fixture("color.png"))
    try folder.write("train/a/1.bmp", fixture("color.bmp"))
    try folder.write("train/a/2.TiF", fixture("color.tif"))
    try folder.write("train/a/3.webp", fixture("color.webp"))
    let data = try Dataset.load(.folder(size: 16), at: folder.url)
    #expect(data.train.labels == [0, 0, 0, 0, 0, 1, 1])
    let files = try #require(data.train.files)
    #expect(
      (0..<5).map { files[$0].description.dropFirst(folder.url.path.utf8.count) } == [
        "/train/a/1.bmp", "/train/a/2.TiF", "/train/a/3.webp", "/train/a/more/deep/1.PNG",
        "/train/a/x.jpg",
      ])
    #expect(data.unused == nil)
  }

  @Test func whatIsNotUsedIsCountedByReason() throws {
    let folder = try made()
    for name in [
      "train/a/1.heic", "train/a/more/2.HEIC", "val/b/3.avif", "train/labels.csv", "info.txt",
    ] {
      try folder.write(name, [1])
    }
    try folder.write("train/b/README", [1])
    try folder.write("train/b/.DS_Store", [1])
    try folder.makeFolder("train/b/empty")
    try folder.write("test/b/1.png", fixture("grey.png"))
    let unused = try #require(try Dataset.load(.folder(size: 16), at: folder.url).unused)
    #expect(
      unused.line(of: "folder:16")
        == "folder:16: 6 files are not used: 2 .heic, 1 .avif, 3 other (.csv, .txt), "
        + "2 folders without images, folder test")
  }

  /// A link to a folder of images is followed; one that leads back is not.
  @Test func linksBackAreNotFollowed() throws {
    let folder = try made()
    let path = folder.url.path
    try folder.write("elsewhere/1.png", fixture("color.png"))
    for (link, target) in [
      ("train/a/loop", "../a"), ("train/a/up", "../.."), ("train/a/top", "/"),
      ("train/a/good", "../../elsewhere"), ("train/a/again", "../../elsewhere"),
    ] { #expect(symlink(target, "\(path)/\(link)") == 0) }
    let data = try Dataset.load(.folder(size: 16), at: folder.url)
    #expect(data.train.labels == [0, 0, 1, 1])
    #expect(data.unused?.links == 4)
  }

  @Test func aFifthIsHeldOutWhereThereIsNothingToTestWith() throws {
    let folder = try TemporaryFolder()
    for number in 0..<10 { try folder.write("cats/\(number).png", fixture("grey.png")) }
    for number in 0..<3 { try folder.write("dogs/\(number).png", fixture("grey.png")) }
    let data = try Dataset.load(.folder(size: 16), at: folder.url)
    #expect(data.classNames == ["cats", "dogs"])
    #expect(data.heldOut == .usual)
    #expect(data.train.histogram(classes: 2) == [8, 2])
    #expect(data.test.histogram(classes: 2) == [2, 1])
    func names(_ split: LabeledImages) -> Set<String> {
      Set((0..<split.count).compactMap { split.files?[$0].description })
    }
    #expect(names(data.train).isDisjoint(with: names(data.test)))
    #expect(try Dataset.load(.folder(size: 16), at: folder.url).test == data.test)
    let other = try Dataset.load(
      .folder(size: 16), at: folder.url, heldOut: HeldOut(percent: 50, seed: 7))
    #expect(other.test.histogram(classes: 2) == [5, 2])

    // Another file leaves the choice among the old ones all but as it was.
    try folder.write("cats/new.png", fixture("grey.png"))
    let later = names(try Dataset.load(.folder(size: 16), at: folder.url).test)
    #expect(later.intersection(names(data.test)).count >= 2)

    try folder.write("train/cats/1.png", fixture("grey.png"))
    expectError(.malformed, "train/cats: a class of one image") {
      try Dataset.load(.folder(size: 16), at: folder.url)
    }
  }

  /// The choice is a part of checkpoints' meaning: it must never change.
  @Test func theChoiceIsFixed() {
    let names = (0..<10).map { Array("\($0).png".utf8) }
    #expect(HeldOut.usual.chosen(from: names, of: "cats") == [3, 4])
  }

  @Test func imagesWithoutClassesAreNamed() throws {
    let folder = try TemporaryFolder()
    for number in 0..<3 { try folder.write("\(number).jpg", [1]) }
    expectError(.malformed, "no folder of a class, but 3 files beside each other") {
      try Dataset.load(.folder(size: 16), at: folder.url)
    }
  }

  @Test func composedAndDecomposedNamesAreOneClass() throws {
    let folder = try TemporaryFolder()
    let image = try fixture("grey.png")
    try folder.write("train/cafe\u{301}/1.png", image)
    try folder.write("train/tea/1.png", image)
    try folder.write("val/caf\u{E9}/1.png", image)
    let data = try Dataset.load(.folder(size: 16), at: folder.url)
    #expect(data.classNames.map { Array($0.unicodeScalars).count } == [4, 3])
    #expect(data.test.labels == [0])
    #expect(try data.test.testPixels(0).count == 16 * 16 * 3)
    try folder.write("train/caf\u{E9}/2.png", image)
    expectError(
      .malformed, "looks like that of another folder", "put the images of both into one folder"
    ) {
      try Dataset.load(.folder(size: 16), at: folder.url)
    }
  }

  @Test func namesThatAreNoTextAreReadAndEscaped() throws {
    let folder = try TemporaryFolder()
    let image = try fixture("grey.png")
    func make(_ path: [UInt8], _ content: [UInt8]?) {
      let path = FilePath(bytes: Array(folder.url.path.utf8) + [47] + path)
      guard let content else {
        #expect(path.withCString { mkdir($0, 0o777) } == 0)
        return
      }
      let file = path.withCString { open($0, O_WRONLY | O_CREAT, 0o666) }
      #expect(write(file, content, content.count) == content.count)
      close(file)
    }
    for split in ["train", "val"] {
      make(Array(split.utf8), nil)
      let name = Array("\(split)/caf".utf8) + [0xE9]
      make(name, nil)
      make(name + Array("/".utf8) + [0xFF] + Array(".png".utf8), image)
    }
    let data = try Dataset.load(.folder(size: 16), at: folder.url)
    #expect(data.classNames == ["caf\\xe9"])
    #expect(try data.test.testPixels(0).count == 16 * 16 * 3)
    #expect(data.train.files?[0].description.hasSuffix("/train/caf\\xe9/\\xff.png") == true)
    #expect(Dataset.check(.folder(size: 16), at: folder.url).ok)
  }

  @Test func checkNamesBrokenFilesAndCountsOthers() throws {
    let folder = try made()
    try folder.write("train/a/notes.txt", [1])
    let good = Dataset.check(.folder(size: 16), at: folder.url)
    #expect(good.trainHistogram == [1, 2] && good.classNames == ["a", "b"])
    #expect(good.unused?.reasons == "1 other (.txt)")
    try folder.write("train/b/z.jpg", [1, 2, 3])
    let check = Dataset.check(.folder(size: 16), at: folder.url)
    #expect(check.problem?.description.contains("b/z.jpg: no JPEG, PNG, WebP, TIFF or BMP") == true)
  }

  @Test func resamplingToTheSameSizeChangesNothing() throws {
    let pixels = noise(5 * 7 * 3)
    let floats: [Float] = pixels.map { Float($0) }
    let image = ImageFile(width: 7, height: 5, channels: 3, pixels: pixels)
    let box = Resampling.Box(left: 0, top: 0, width: 7, height: 5)
    #expect(resampled(image, box: box, width: 7, height: 5, window: box) == floats)
    let inner = Resampling.Box(left: 2, top: 1, width: 3, height: 4)
    let whole = Resampling.Box(left: 0, top: 0, width: 3, height: 4)
    var expected: [Float] = []
    for row in 1..<5 { expected += floats[(row * 7 + 2) * 3..<(row * 7 + 5) * 3] }
    #expect(resampled(image, box: inner, width: 3, height: 4, window: whole) == expected)
    #expect(resampled(image, box: box, width: 7, height: 5, window: inner) == expected)
  }

  /// The numbers are Pillow 9.4's: Image.new("F", (7, 1)) resized with BICUBIC.
  @Test(
    arguments: [
      [58.8710, 98.9255, 114.7984],
      [43.6443, 83.1056, 99.7297, 100.5797, 127.4837],
      [
        38.7886, 48.0753, 69.7656, 99.1044, 92.5331, 100.3294, 119.4488, 83.9062, 110.1314,
        154.2399,
      ],
    ] as [[Float]])
  func resamplesAsPillowDoes(expected: [Float]) {
    let row: [UInt8] = [40, 60, 100, 90, 120, 80, 150]
    let image = ImageFile(
      width: 7, height: 1, channels: 3, pixels: row.flatMap { [$0, $0, $0] })
    let count = expected.count
    let result = resampled(
      image, box: Resampling.Box(left: 0, top: 0, width: 7, height: 1), width: count, height: 1,
      window: Resampling.Box(left: 0, top: 0, width: count, height: 1))
    for index in 0..<count { #expect(abs(result[3 * index] - expected[index]) < 1e-3) }
  }

  @Test func cropsStayInsideAndReachEveryEdge() throws {
    var stream = PhiloxStream(Philox(seed: 3), stream: SIMD3(0, 0, 0))
    var lefts: Set<Int> = []
    for _ in 0..<500 {
      guard let box = ImagePreparation.box(width: 6, height: 5, &stream) else { continue }
      #expect(box.left >= 0 && box.left + box.width <= 6)
      #expect(box.top >= 0 && box.top + box.height <= 5)
      lefts.insert(box.left)
    }
    #expect(lefts.isSuperset(of: [0, 1, 2, 3, 4]))
    #expect(ImagePreparation.box(width: 1000, height: 1, &stream) == nil)
  }

  @Test func threadsDoNotMatterButEpochAndIndexDo() throws {
    let folder = try made()
    let data = try Dataset.load(.folder(size: 16), at: folder.url)
    func batch(_ indices: [UInt32], epoch: Int, threads: Int) throws -> [Float] {
      try ImageBatch(
        data.train, indices: indices, slots: 4,
        preparation: ImagePreparation(
          size: 16, mean: data.mean, standardDeviation: data.standardDeviation,
          augmentation: .init(flip: true, seed: 5)), epoch: epoch, threads: threads
      ).wait()
    }
    let first = try batch([2, 0, 1], epoch: 1, threads: 1)
    #expect(try batch([2, 0, 1], epoch: 1, threads: 3) == first)
    #expect(first.suffix(16 * 16 * 3).allSatisfy { $0 == 0 })
    let size = 16 * 16 * 3
    let alone = try batch([1], epoch: 1, threads: 2)
    #expect(Array(alone[..<size]) == Array(first[2 * size..<3 * size]))
    let later = try batch([2], epoch: 2, threads: 2)
    #expect(Array(later[..<size]) != Array(first[..<size]))
  }

  private func resampled(
    _ image: ImageFile, box: Resampling.Box, width: Int, height: Int, window: Resampling.Box
  ) -> [Float] {
    let count = window.width * window.height * 3
    return [Float](unsafeUninitializedCapacity: count) { values, filled in
      Resampling.resample(
        image, box: box, width: width, height: height, window: window,
        into: UnsafeMutableBufferPointer(rebasing: values[..<count]))
      filled = count
    }
  }
}
