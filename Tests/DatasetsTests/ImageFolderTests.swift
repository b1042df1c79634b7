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
    #expect(data.train.files?[1].lastPathComponent == "10.JPEG")
    #expect([data.train.height, data.train.width, data.train.channels] == [16, 16, 3] as [Int])
    #expect(data.prefix(2).train.labels == [0, 1])
  }

  @Test func whatDoesNotFitIsRefusedByName() throws {
    let folder = try made()
    let load = { try Dataset.load(.folder(size: 16), at: folder.url) }
    try folder.makeFolder("train/c")
    expectError(.malformed, "train/c: a class without images", from: load)
    try FileManager.default.removeItem(at: folder.url.appending(path: "train/c"))
    try folder.write("val/d/y.png", fixture("grey.png"))
    expectError(.malformed, "val/d: no class", from: load)
    try FileManager.default.removeItem(at: folder.url.appending(path: "val"))
    expectError(.missing, "val: no such folder", from: load)
  }

  @Test func checkNamesBrokenFilesAndCountsOthers() throws {
    let folder = try made()
    try folder.write("train/a/notes.txt", [1])
    #expect(Dataset.check(.folder(size: 16), at: folder.url).trainHistogram == [1, 2])
    try folder.write("train/b/z.jpg", [1, 2, 3])
    let check = Dataset.check(.folder(size: 16), at: folder.url)
    #expect(check.problem?.description.contains("b/z.jpg: neither a JPEG nor a PNG") == true)
    #expect(check.files.contains { $0.path.hasSuffix("notes.txt") && $0.count == 0 })
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
