import Foundation
import Testing

@testable import Datasets

@Suite struct PNGTests {
  @Test(arguments: [1, 3])
  func everyPixelComesBack(channels: Int) throws {
    let pixels = (0..<37 * 23 * channels).map { UInt8(truncatingIfNeeded: $0 * $0 / 7 + $0) }
    let folder = try TemporaryFolder()
    let bytes = try PNG.encoded(pixels[...], height: 37, width: 23, channels: channels)
    let image = try ImageFile.decode(contentsOf: folder.write("a.png", bytes))
    #expect([image.height, image.width, image.channels] == [37, 23, channels] as [Int])
    #expect(image.pixels == pixels)
  }

  @Test func ofOtherChannelsTheFirstIsShown() throws {
    let folder = try TemporaryFolder()
    for channels in [2, 5] {
      // Not from index 0, as a part of a larger array.
      let pixels = [UInt8](repeating: 9, count: 4) + (0..<UInt8(6 * channels))
      let bytes = try PNG.encoded(pixels[4...], height: 2, width: 3, channels: channels)
      let image = try ImageFile.decode(contentsOf: folder.write("a.png", bytes))
      #expect(image.channels == 1 && image.pixels == (0..<6).map { UInt8($0 * channels) })
    }
  }

  @Test func plainAreasAreSmall() throws {
    let pixels = [UInt8](repeating: 7, count: 100 * 100 * 3)
    let bytes = try PNG.encoded(pixels[...], height: 100, width: 100, channels: 3)
    #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) && bytes.count < 1000)
  }
}
