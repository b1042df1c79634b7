import Foundation
import Testing

@testable import Datasets

@Suite struct ImageFileTests {
  private static let height = 19
  private static let width = 23

  private func url(_ name: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appending(path: "Images/\(name)")
  }

  private func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url(name))) }

  @Test(
    arguments: [
      ("color.jpg", 3), ("color-444.jpg", 3), ("color-progressive.jpg", 3), ("grey.jpg", 1),
      ("cmyk.jpg", 3), ("color.png", 3), ("grey.png", 1), ("alpha.png", 3), ("palette.png", 3),
      ("bits.png", 1), ("grey-alpha.png", 1), ("interlaced.png", 3), ("deep.png", 3),
      ("deep-grey.png", 1),
    ])
  func decodesAsAnotherDecoderDoes(name: String, channels: Int) throws {
    let image = try ImageFile.decode(contentsOf: url(name))
    #expect(
      [image.width, image.height, image.channels] == [Self.width, Self.height, channels] as [Int])
    let expected = try bytes(name + ".rgb")
    try #require(image.pixels.count == expected.count)
    // Builds of libjpeg-turbo may differ by a rounding; nothing else may differ.
    let bound = name.hasSuffix(".jpg") ? 1 : 0
    let difference = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max()
    #expect((difference ?? 0) <= bound)
  }

  /// The pixels are a PNG file's, or the file's own in `reference`.
  @Test(
    arguments: [
      ("color.webp", "color.png", 3, 0), ("alpha.webp", "alpha.png", 3, 0),
      ("lossy.webp", "lossy.webp", 3, 1), ("color.tif", "color.png", 3, 0),
      ("lzw.tif", "color.png", 3, 0), ("deflate.tif", "color.png", 3, 0),
      ("packbits.tif", "color.png", 3, 0), ("planes.tif", "color.png", 3, 0),
      ("tiles.tif", "color.png", 3, 0), ("grey.tif", "grey.png", 1, 0),
      ("fax.tif", "bits.png", 1, 0), ("alpha.tif", "alpha.png", 3, 0),
      ("palette.tif", "palette.tif", 3, 0), ("deep.tif", "deep.png", 3, 0),
      ("jpeg.tif", "jpeg.tif", 3, 1), ("color.bmp", "color.png", 3, 0),
      ("grey.bmp", "grey.png", 1, 0), ("bits.bmp", "bits.png", 1, 0),
      ("palette.bmp", "palette.bmp", 3, 0), ("four-bits.bmp", "four-bits.bmp", 3, 0),
      ("top-down.bmp", "color.png", 3, 0), ("wide.bmp", "color.png", 3, 0),
      ("old.bmp", "color.png", 3, 0), ("fives.bmp", "fives.bmp", 3, 0),
      ("masks.bmp", "masks.bmp", 3, 0),
    ])
  func decodesOtherFormats(name: String, reference: String, channels: Int, bound: Int) throws {
    let image = try ImageFile.decode(contentsOf: url(name))
    #expect(
      [image.width, image.height, image.channels] == [Self.width, Self.height, channels] as [Int])
    let expected = try bytes(reference + ".rgb")
    try #require(image.pixels.count == expected.count)
    let difference = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max()
    #expect((difference ?? 0) <= bound)
  }

  @Test func greyBecomesThreeEqualChannels() throws {
    let grey = try ImageFile.decode(contentsOf: url("grey.png"))
    let colored = grey.colored
    #expect(colored.channels == 3)
    #expect(colored.pixels == grey.pixels.flatMap { [$0, $0, $0] })
    #expect(colored.colored == colored)
  }

  @Test func formatIsKnownByTheFirstBytes() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("n1.JPEG", try bytes("color.png"))
    #expect(
      try ImageFile.decode(contentsOf: file) == ImageFile.decode(contentsOf: url("color.png")))
  }

  @Test(arguments: [
    "color.jpg", "color-progressive.jpg", "cmyk.jpg", "color.png", "interlaced.png", "color.webp",
    "lossy.webp", "lzw.tif", "jpeg.tif", "color.bmp", "palette.bmp",
  ])
  func everyTruncationIsRefused(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = try bytes(name)
    for length in 0..<whole.count - 2 {
      let file = try folder.write("cut", Array(whole.prefix(length)))
      expectError(.malformed, "cut: ") { try ImageFile.decode(contentsOf: file) }
    }
  }

  /// Damage is refused or gives some pixels, but never ends the process.
  @Test(arguments: [
    "color.jpg", "color-progressive.jpg", "cmyk.jpg", "palette.png", "deep.png", "color.webp",
    "lossy.webp", "planes.tif", "tiles.tif", "jpeg.tif", "fax.tif", "palette.bmp", "masks.bmp",
  ])
  func damageDoesNotTrap(name: String) throws {
    let folder = try TemporaryFolder()
    let whole = try bytes(name)
    for (index, value) in noise(whole.count, seed: 5).enumerated() where index % 3 == 0 {
      var damaged = whole
      damaged[index] ^= value | 1
      let file = try folder.write("damaged", damaged)
      do throws(DataError) {
        let image = try ImageFile.decode(contentsOf: file, pixelLimit: 1 << 20)
        #expect(image.pixels.count == image.width * image.height * image.channels)
      } catch { #expect(error.category == .malformed) }
    }
  }

  @Test func damagedPixelsOfAPNGAreRefused() throws {
    let folder = try TemporaryFolder()
    var damaged = try bytes("color.png")
    damaged[damaged.count / 2] ^= 1
    let file = try folder.write("damaged.png", damaged)
    expectError(.malformed, "damaged.png: a broken PNG (") {
      try ImageFile.decode(contentsOf: file)
    }
  }

  @Test(arguments: ["color.jpg", "color.png"])
  func sizeIsLimitedBeforeMemoryIsTaken(name: String) throws {
    let pixels = Self.width * Self.height
    #expect(try ImageFile.decode(contentsOf: url(name), pixelLimit: pixels).width == Self.width)
    let file = try url(name)
    expectError(.malformed, "23x19 pixels, at most \(pixels - 1) are decoded") {
      try ImageFile.decode(contentsOf: file, pixelLimit: pixels - 1)
    }
    // A header that promises 65535 x 65535 pixels, or as many as PNG can say.
    let folder = try TemporaryFolder()
    var huge = try bytes(name)
    if name == "color.jpg" {
      let frame = try #require(huge.indices.first { huge[$0...].starts(with: [0xFF, 0xC0]) })
      huge.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    } else {
      let header: [UInt8] = Array("IHDR".utf8) + [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]
      huge.replaceSubrange(12..<24, with: header)
    }
    let written = try folder.write("huge", huge)
    expectError(.malformed, "huge: ") { try ImageFile.decode(contentsOf: written) }
  }

  @Test(arguments: ["color.jpg", "color.png"])
  func sizeThatTheFileCannotHoldIsRefused(name: String) throws {
    let folder = try TemporaryFolder()
    var large = try bytes(name)
    let size: [UInt8] = [0x10, 0, 0x10, 0]  // 4096 x 4096 as JPEG has it
    if name == "color.jpg" {
      let frame = try #require(large.indices.first { large[$0...].starts(with: [0xFF, 0xC0]) })
      large.replaceSubrange(frame + 5..<frame + 9, with: size)
    } else {
      large.replaceSubrange(16..<24, with: [0, 0, 0x10, 0, 0, 0, 0x10, 0])
      // The sum of these 17 bytes, by Python's zlib.crc32.
      large.replaceSubrange(29..<33, with: [0x7D, 0xC1, 0xB3, 0x40])
    }
    let file = try folder.write(name, large)
    expectError(.malformed, "\(name): cut short: 4096x4096 pixels, more than the file can hold") {
      try ImageFile.decode(contentsOf: file)
    }
  }

  /// Found by `make fuzz`: 75 megabytes for 2183 bytes, in four long rows.
  @Test func depthOfPixelsCounts() throws {
    expectError(.malformed, "cut short: 4194309x4 pixels, more than the file can hold") {
      try ImageFile.decode(contentsOf: Self.found("rows-of-12-megabytes.png"))
    }
  }

  /// Found by `make fuzz`: libpng took 39 megabytes for the 192 bytes before it read on.
  @Test func chunkThatClaimsMuchIsRefused() throws {
    expectError(.malformed, "a broken PNG (cut short)") {
      try ImageFile.decode(contentsOf: Self.found("palette-of-39-megabytes.png"))
    }
  }

  /// A file that `make fuzz` found something with.
  private static func found(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "fuzz/corpus/png/\(name)")
  }

  @Test func otherFilesAreRefusedByName() throws {
    let folder = try TemporaryFolder()
    let text = try folder.write("notes.jpg", Array("no image\u{1B}[2J".utf8))
    let empty = try folder.write("empty.png", [])
    expectError(.malformed, "notes.jpg: no JPEG, PNG, WebP, TIFF or BMP image") {
      try ImageFile.decode(contentsOf: text)
    }
    expectError(.malformed, "empty.png: an empty file") {
      try ImageFile.decode(contentsOf: empty)
    }
    expectError(.missing, "/none.jpg: no such file") {
      try ImageFile.decode(contentsOf: folder.url.appending(path: "none.jpg"))
    }
    expectError(.missing, "a folder, not a file") {
      try ImageFile.decode(contentsOf: folder.url)
    }
  }

  @Test(arguments: [
    ("animated.webp", "a WebP file of a kind that is not read (an animation has no one image)"),
    ("runs.bmp", "a BMP file of a kind that is not read (compressed by method 1)"),
  ])
  func otherKindsAreRefusedByName(name: String, reason: String) throws {
    let file = try url(name)
    expectError(.malformed, "\(name): \(reason)") { try ImageFile.decode(contentsOf: file) }
  }

  @Test(arguments: [
    ("GIF89a....", "GIF"), ("\0\0\0 ftypheic\0\0", "HEIC"), ("\0\0\0 ftypavif\0\0", "AVIF"),
  ])
  func formatsThatAreNotReadAreNamed(start: String, name: String) throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("photo.jpg", Array(start.utf8))
    expectError(.malformed, "photo.jpg: is of the format \(name), which is not read") {
      try ImageFile.decode(contentsOf: file)
    }
  }

  /// Headers that claim a larger image than a file of their size can be.
  @Test func claimsOfOtherFormatsAreRefused() throws {
    let folder = try TemporaryFolder()
    var bmp = try bytes("color.bmp")
    bmp.replaceSubrange(18..<26, with: [0, 0, 1, 0, 0, 0, 1, 0])
    let wide = try folder.write("wide.bmp", bmp)
    expectError(.malformed, "65536x65536 pixels, at most") {
      try ImageFile.decode(contentsOf: wide)
    }
    bmp.replaceSubrange(18..<26, with: [0, 16, 0, 0, 0, 16, 0, 0])
    let cut = try folder.write("cut.bmp", bmp)
    expectError(.malformed, "4096x4096 pixels, more than") { try ImageFile.decode(contentsOf: cut) }
    var tiff = try bytes("tiles.tif")
    for tag in [UInt8(0), 1] {
      // Tags 256 and 257, of one short number.
      let place = try #require(
        tiff.indices.last { tiff[$0...].starts(with: [tag, 1, 3, 0, 1, 0, 0, 0]) })
      tiff.replaceSubrange(place + 8..<place + 10, with: [0, 0x20])
    }
    let large = try folder.write("large.tif", tiff)
    expectError(.malformed, "large.tif: cut short: 8192x8192 pixels") {
      try ImageFile.decode(contentsOf: large)
    }
  }
}
