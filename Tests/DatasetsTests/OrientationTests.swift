import Foundation
import Testing

@testable import Datasets

@Suite struct OrientationTests {
  private func url(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appending(path: "Images/\(name)")
  }

  private func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url(name))) }

  /// The expected pixels are Pillow's `exif_transpose`; as they lie, images have 7 x 5.
  @Test(arguments: [
    "turned-1.jpg", "turned-2.jpg", "turned-3.jpg", "turned-4.jpg", "turned-5.jpg", "turned-6.jpg",
    "turned-7.jpg", "turned-8.jpg", "turned-6.png", "turned-8.webp", "turned-5.tif",
  ])
  func imagesAreTurnedAsTheirCamerasNoted(name: String) throws {
    let orientation = try #require(name.compactMap(\.wholeNumberValue).first)
    let lying = try ImageFile.decode(contentsOf: url(name))
    #expect([lying.width, lying.height] == [7, 5] as [Int])
    let upright = try ImageFile.decode(contentsOf: url(name), orientation: .upright)
    let edges: [Int] = orientation < 5 ? [7, 5] : [5, 7]
    #expect([upright.width, upright.height] == edges)
    let expected = try bytes(name + ".rgb")
    try #require(upright.pixels.count == expected.count)
    let difference = zip(upright.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 0
    #expect(difference <= (name.hasSuffix(".jpg") ? 1 : 0))
    #expect(orientation == 1 || upright != lying)
  }

  @Test func filesWithoutNotesStayAsTheyAre() throws {
    for name in ["color.jpg", "color.png", "color.webp", "color.tif", "color.bmp"] {
      #expect(
        try ImageFile.decode(contentsOf: url(name), orientation: .upright)
          == ImageFile.decode(contentsOf: url(name)))
    }
  }

  @Test func notesAreReadInBothByteOrdersAndWithinBounds() throws {
    func jpeg(_ notes: [UInt8]) -> [UInt8] {
      let segment = Array("Exif\0\0".utf8) + notes
      return [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xE1, 0, UInt8(segment.count + 2)] + segment
    }
    let little: [UInt8] = [
      0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0,
    ]
    let big: [UInt8] = [
      0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0,
    ]
    for notes in [little, big] {
      #expect(EXIF.orientation(in: jpeg(notes)) == 6)
      for length in 0..<jpeg(notes).count - 3 {
        #expect(EXIF.orientation(in: Array(jpeg(notes).prefix(length))) == nil)
      }
    }
    var wrong = little
    wrong[18] = 9
    #expect(EXIF.orientation(in: jpeg(wrong)) == nil)
    wrong[18] = 0
    #expect(EXIF.orientation(in: jpeg(wrong)) == nil)
  }

  @Test func aDataSetOfFilesTurnsThemOrNot() throws {
    let folder = try TemporaryFolder()
    for place in ["train/a/1.jpg", "val/a/1.jpg"] { try folder.write(place, bytes("turned-6.jpg")) }
    let data = try Dataset.load(.folder(size: 8), at: folder.url)
    #expect(data.train.files?.orientation == .upright)
    let upright = try data.test.testPixels(0)
    let lying = try data.handling(.ignored).test.testPixels(0)
    #expect(upright != lying)
  }
}
