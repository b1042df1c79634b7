import Foundation
import Testing

@testable import Datasets

@Suite struct SVHNTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func url(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appending(path: "Matrices/\(name)")
  }

  private func copy(_ source: String, _ name: String) throws {
    try folder.write(name, [UInt8](try Data(contentsOf: url(source))))
  }

  @Test func pixelsAndLabelsAreSciPys() throws {
    let data = try SVHN.images(url("digits.mat"))
    #expect([data.count, data.height, data.width, data.channels] == [10, 32, 32, 3] as [Int])
    #expect(data.labels == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0])
    var index = 0
    for number in 0..<10 {
      for row in 0..<32 {
        for column in 0..<32 {
          for channel in 0..<3 {
            let expected = (3 * row + 5 * column + 7 * channel + 11 * number) % 251
            guard Int(data.images[index]) == expected else {
              Issue.record("\(number) \(row) \(column) \(channel)")
              return
            }
            index += 1
          }
        }
      }
    }
    #expect(try SVHN.images(url("double.mat")).labels == [1])
  }

  @Test func trainingImagesAreThoseOfTrainAndThenExtra() throws {
    try copy("digits.mat", "train_32x32.mat")
    try copy("digits.mat", "test_32x32.mat")
    expectError(.missing, "extra_32x32.mat: no such file") {
      try Dataset.load(.svhn, at: folder.url)
    }
    try copy("double.mat", "extra_32x32.mat")
    let data = try Dataset.load(.svhn, at: folder.url)
    #expect(data.train.labels == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1])
    #expect(data.test.count == 10)
    #expect(data.classNames[0] == "0")
    let check = Dataset.check(.svhn, at: folder.url)
    #expect(check.ok)
    #expect(check.files.map(\.count) == [10, 1, 10])
  }

  @Test(
    arguments: [
      ("few-labels.mat", "has 9 labels in y for the 10 images in X"),
      ("label-11.mat", "label 9 is 11.0, SVHN's are 1...10"),
      ("label-0.mat", "label 0 is 0.0, SVHN's are 1...10"),
      ("half-label.mat", "label 0 is 1.5, SVHN's are 1...10"),
      ("other-size.mat", "X is 31x32x3x10 of another kind, expected 32x32x3xN bytes"),
      ("floats.mat", "X is 32x32x3x2 of another kind"),
      ("no-labels.mat", "has no variable y"),
      ("level-4.mat", "cut short: 102 bytes hold no MATLAB header"),
    ])
  func whatDisagreesIsNamed(name: String, reason: String) throws {
    let file = try url(name)
    expectError(.malformed, "\(name): \(reason)") { try SVHN.images(file) }
  }

  @Test func matlab73IsNamed() throws {
    let text = Array("MATLAB 7.3 MAT-file, Platform: GLNXA64 HDF5 schema 1.00 .".utf8)
    let start = text + [UInt8](repeating: 32, count: 124 - text.count) + [0, 2, 0x49, 0x4D]
    let file = try folder.write("new.mat", start + [UInt8](repeating: 0, count: 600))
    expectError(.malformed, "new.mat: a file of MATLAB 7.3, which is HDF5", "data fetch svhn") {
      try SVHN.images(file)
    }
  }

  /// Found by `make fuzz`: libmatio took 335 megabytes for its 834 bytes.
  @Test func damagedFileThatClaimsMuchIsRefused() throws {
    let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = checkout.appending(path: "fuzz/corpus/svhn/memory-of-334-megabytes.mat")
    expectError(.malformed, "memory-of-334-megabytes.mat: ") { try SVHN.images(file) }
  }

  @Test func truncationAndDamageAreRefused() throws {
    let whole = [UInt8](try Data(contentsOf: url("digits.mat")))
    for length in Array(0..<136) + stride(from: 136, to: whole.count, by: 61) {
      let file = try folder.write("cut.mat", Array(whole.prefix(length)))
      expectError(.malformed, "cut.mat: ") { try SVHN.images(file) }
    }
    // Bytes of the compressed data: zlib's own sum finds them; those of the header may be text.
    for index in stride(from: 128, to: whole.count, by: 37) {
      var damaged = whole
      damaged[index] ^= 0x55
      let file = try folder.write("damaged.mat", damaged)
      do throws(DataError) {
        #expect(try SVHN.images(file).labels.allSatisfy { 0...9 ~= $0 })
      } catch { #expect(error.category == .malformed) }
    }
  }
}
