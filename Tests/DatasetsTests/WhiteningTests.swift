import Foundation
import Testing

@testable import Datasets

@Suite struct WhiteningTests {
  /// What numpy computed; see Whitening/make_whitening.py.
  private struct Expected: Decodable {
    var images: [UInt8]
    var mean: [Float]
    var matrix: [Float]
    var train: [Float]
    var test: [Float]
  }

  private let expected: Expected
  private let train: LabeledImages
  private let test: LabeledImages

  init() throws {
    let file = try #require(Bundle.module.resourceURL).appending(path: "Whitening/whitening.json")
    expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: file))
    func images(_ bytes: ArraySlice<UInt8>) -> LabeledImages {
      LabeledImages(
        height: 4, width: 3, channels: 3, images: Array(bytes),
        labels: [Int32](repeating: 0, count: bytes.count / 36))
    }
    train = images(expected.images[..<(16 * 36)])
    test = images(expected.images[(16 * 36)...])
  }

  private func difference(_ a: [Float], _ b: [Float]) throws -> Float {
    try #require(a.count == b.count)
    return zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }

  @Test func isNumPys() throws {
    let whitening = try Whitening(of: train)
    #expect(try difference(whitening.mean, expected.mean) < 2e-5)
    #expect(try difference(whitening.matrix, expected.matrix) < 2e-6)
    let data = try Dataset(
      name: "tiny", classNames: ["a"], train: train, test: test, mean: [0, 0, 0],
      standardDeviation: [1, 1, 1]
    ).whitened(by: whitening)
    #expect(try difference(#require(data.train.values), expected.train) < 2e-4)
    #expect(try difference(#require(data.test.values), expected.test) < 2e-4)
    #expect(data.train.images == train.images)
    #expect(data.prefix(2).test.values == data.test.values.map { Array($0.prefix(72)) })
  }

  @Test func matrixIsSymmetricAndComesAgainToTheBit() throws {
    let whitening = try Whitening(of: train)
    for row in 0..<36 {
      for column in 0..<row {
        #expect(whitening.matrix[row * 36 + column] == whitening.matrix[column * 36 + row])
      }
    }
    #expect(try Whitening(of: train) == whitening)
  }

  /// More images than are worked on at once, each result the image's own.
  @Test func imagesDoNotDependOnTheirNeighbours() throws {
    let whitening = try Whitening(of: train)
    let many = LabeledImages(
      height: 4, width: 3, channels: 3, images: noise(2100 * 36),
      labels: [Int32](repeating: 0, count: 2100))
    let all = try #require(try many.whitened(by: whitening).values)
    let first = try #require(try many.prefix(1).whitened(by: whitening).values)
    #expect(try difference(Array(all[..<36]), first) < 1e-4)
    let last = LabeledImages(
      height: 4, width: 3, channels: 3, images: Array(many.images.suffix(36)), labels: [0])
    let alone = try #require(try last.whitened(by: whitening).values)
    #expect(try difference(Array(all.suffix(36)), alone) < 1e-4)
  }

  @Test func whatCannotBeWhitenedIsRefused() throws {
    let wide = LabeledImages(
      height: 64, width: 65, channels: 3, images: [UInt8](repeating: 0, count: 64 * 65 * 3),
      labels: [0])
    expectError(.usage, "whitening: images must be in memory and at most 64x64x3") {
      try Whitening(of: wide)
    }
  }

  @Test func keysTellImagesApart() throws {
    #expect(Whitening.key(of: train) == Whitening.key(of: train))
    #expect(Whitening.key(of: train) != Whitening.key(of: test))
    #expect(Whitening.key(of: train) != Whitening.key(of: train.prefix(15)))
  }
}
