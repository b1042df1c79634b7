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
    "color.jpg", "color-progressive.jpg", "cmyk.jpg", "color.png", "interlaced.png",
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
  @Test(arguments: ["color.jpg", "color-progressive.jpg", "cmyk.jpg", "palette.png", "deep.png"])
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
    expectError(.malformed, "notes.jpg: neither a JPEG nor a PNG image") {
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
}
