import Foundation
import Testing

@testable import Datasets

@Suite struct NPZTests {
  private func url(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appending(path: "Arrays/\(name)")
  }

  private func dataset(_ name: String) throws -> Dataset {
    let file = try url(name)
    return try Dataset.load(DatasetName(parsing: "npz:\(file.path)"), from: .init(environment: [:]))
  }

  /// What `make_arrays.py` wrote.
  private func images(_ count: Int, _ size: Int) -> [UInt8] {
    (0..<count).flatMap { image in (0..<size).map { UInt8((37 * $0 + 11 * image) % 251) } }
  }

  @Test(arguments: [("keras.npz", 1), ("medmnist.npz", 3), ("orders.npz", 3)])
  func arraysAreNumpys(name: String, channels: Int) throws {
    let data = try dataset(name)
    #expect(data.train.images == images(7, 20 * channels))
    #expect(data.test.images == images(4, 20 * channels))
    #expect(data.train.labels == [0, 1, 2, 0, 1, 2, 0])
    #expect(data.test.labels == [0, 1, 2, 0])
    #expect([data.train.height, data.train.width] == [4, 5] as [Int])
    #expect(data.train.channels == channels)
    #expect(data.classNames == ["class 0", "class 1", "class 2"])
    let statistics = data.train.channelStatistics()
    #expect(data.mean == statistics.mean && data.standardDeviation == statistics.standardDeviation)
  }

  @Test func whatIsLeftOutIsSaid() throws {
    #expect(try dataset("keras.npz").unused == nil)
    #expect(
      try dataset("medmnist.npz").unused?.line(of: "npz")
        == "npz: not used: val_images.npy, val_labels.npy")
  }

  @Test(arguments: [
    ("floats.npz", "x_train is [7, 4, 5] of float64, expected [N, H, W], [N, H, W, 1] or"),
    ("planes.npz", "x_train is [7, 3, 4, 5] of uint8, expected"),
    ("one-hot.npz", "y_train is [7, 3] of uint8, expected [7] or [7, 1] whole numbers"),
    ("negative.npz", "label 0 of y_test is -1, classes are counted from 0"),
    ("objects.npz", "y_train has a broken header, or elements that are no numbers"),
    ("other-size.npz", "x_train and x_test have images of other sizes"),
    ("no-labels.npz", "has no array y_test"),
    ("others.npz", "has none of the arrays x_train, y_train, x_test, y_test (Keras) or"),
  ])
  func whatDisagreesIsNamed(name: String, reason: String) throws {
    expectError(.malformed, "\(name): \(reason)") { try dataset(name) }
  }

  @Test(arguments: ["keras.npz", "medmnist.npz"])
  func truncationAndDamageAreRefused(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = [UInt8](try Data(contentsOf: url(name)))
    let load = { (bytes: [UInt8]) in
      try NPZ.dataset(.npz(path: "x"), file: folder.write("x.npz", bytes))
    }
    for length in stride(from: 0, to: whole.count - 30, by: 13) {
      expectError(.malformed, "x.npz: ") { try load(Array(whole.prefix(length))) }
    }
    for index in stride(from: 0, to: whole.count, by: 7) {
      var damaged = whole
      damaged[index] ^= 0x55
      do {
        _ = try load(damaged)
      } catch { #expect((error as? DataError)?.category == .malformed) }
    }
  }

  @Test func pixelsThatWereChangedAreFoundByTheirSum() throws {
    let folder = try TemporaryFolder()
    var bytes = [UInt8](try Data(contentsOf: url("keras.npz")))
    let pixels = images(7, 20)
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: pixels) })
    bytes[place + 60] ^= 1
    let file = try folder.write("x.npz", bytes)
    expectError(.malformed, "a broken zip archive") { try NPZ.dataset(.npz(path: "x"), file: file) }
  }

  @Test func aFileOfAnotherKindOrNoneIsRefused() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("x.npz", Array("\u{93}NUMPY".utf8))
    expectError(.malformed, "x.npz: no zip archive") {
      try NPZ.dataset(.npz(path: "x"), file: file)
    }
    let missing = folder.url.appending(path: "none.npz")
    expectError(.missing, "none.npz: no such file") {
      try NPZ.dataset(.npz(path: "x"), file: missing)
    }
    let keras = try url("keras.npz").path
    let moved = try Dataset.load(
      .npz(path: "moved.npz"), from: .init(environment: [:]), explicit: keras)
    #expect(moved.name == "npz:moved.npz" && moved.train.count == 7)
  }

  @Test func checkCountsBothSplits() throws {
    let file = try url("medmnist.npz")
    let check = try Dataset.check(.npz(path: file.path), from: .init(environment: [:]))
    #expect(check.ok)
    #expect(check.files.map(\.count) == [11])
    #expect(check.trainHistogram == [3, 2, 2])
    #expect(check.unused?.parts == ["val_images.npy", "val_labels.npy"])
    let broken = try url("one-hot.npz")
    #expect(!Dataset.check(.npz(path: broken.path), at: broken).ok)
  }
}
