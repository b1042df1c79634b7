import Datasets
import Foundation

// Files of one image.

extension Target {
  static let jpeg = Target(
    name: "jpeg",
    seeds: files(in: "Tests/DatasetsTests/Images", endings: ["jpg"])
      + files(in: "fuzz/corpus/jpeg"),
    words: (UInt8(0xC0)...0xFE).map { [0xFF, $0] },
    // A bit for a block of 64 pixels in three channels, as bytes and as coefficients.
    memoryPerByte: 8 * 64 * 12, read: readImage)

  static let png = Target(
    name: "png",
    seeds: files(in: "Tests/DatasetsTests/Images", endings: ["png"]) + [storedPNG]
      + files(in: "fuzz/corpus/png"),
    words: [
      "IHDR", "IDAT", "IEND", "PLTE", "tRNS", "iCCP", "zTXt", "iTXt", "tEXt", "gAMA", "sBIT",
      "sPLT", "hIST", "eXIf", "pCAL", "acTL", "\u{1}", "\u{2}", "\u{3}", "\u{4}", "\u{6}",
      "\u{10}",
    ].map { Array($0.utf8) },
    repair: repairedPNG,
    // A bit for a pixel of three bytes, in the image and in libpng's row, which may be the only one;
    // a filter's byte for a row with its pointer.
    memoryPerByte: 1032 * (8 * 2 * 3 + 8), read: readImage)

  /// 5x4 colours whose bytes are not compressed.
  private static let storedPNG: [UInt8] = {
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
      var bytes = littleEndian(UInt32(data.count).bigEndian)
      bytes += Array(name.utf8)
      bytes += data
      return bytes + [0, 0, 0, 0]
    }
    var rows: [UInt8] = []
    for row in 0..<4 {
      rows.append(UInt8(row))
      for index in 0..<15 { rows.append(UInt8(40 * row + 9 * index)) }
    }
    // The sum behind the stream is not checked where all pixels are there.
    let stream: [UInt8] = [0x78, 1] + storedBlock(rows) + [0, 0, 0, 0]
    var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    bytes += chunk("IHDR", [0, 0, 0, 5, 0, 0, 0, 4, 8, 2, 0, 0, 0])
    bytes += chunk("IDAT", stream)
    bytes += chunk("IEND", [])
    return repairedPNG(bytes)
  }()

  static let webp = Target(
    name: "webp",
    seeds: files(in: "Tests/DatasetsTests/Images", endings: ["webp"])
      + files(in: "fuzz/corpus/webp"),
    words: ["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "EXIF", "ICCP"].map { Array($0.utf8) }
      + [[0x9D, 0x01, 0x2A], [0x2F]],
    // A plain area takes next to no bytes: only so many are decoded here that a million files do not
    // take a day. libwebp has the pixels once more, as words.
    memoryPerByte: 1 << 19
  ) { file, _ in
    let image = try ImageFile.decode(contentsOf: file, pixelLimit: 1 << 16)
    demand(image.pixels.count == image.width * image.height * 3, "pixels of three channels")
  }

  static let tiff = Target(
    name: "tiff",
    seeds: files(in: "Tests/DatasetsTests/Images", endings: ["tif"])
      + files(in: "fuzz/corpus/tiff"),
    words: (0...85).map { [UInt8($0), 1] }
      + [[1, 0, 0, 0], [3, 0, 1, 0, 0, 0], [4, 0, 1, 0, 0, 0]],
    // Deflate's ratio for each of: 8 pixels a byte as words, a strip or tile, the pixels.
    memoryPerByte: 48 * 1032, read: readImage)

  static let bmp = Target(
    name: "bmp", seeds: files(in: "Tests/DatasetsTests/Images", endings: ["bmp"]),
    words: [[12, 0, 0, 0], [40, 0, 0, 0], [124, 0, 0, 0], [3, 0, 0, 0], [16, 0], [32, 0]],
    memoryPerByte: 32, read: readImage)

  static let exif = Target(
    name: "exif", seeds: files(in: "Tests/DatasetsTests/Images").filter { $0.count < 1000 },
    words: [[0xFF, 0xE1], [0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x12, 1], [1, 0x12]]
      + ["Exif\0\0", "eXIf", "EXIF", "RIFF"].map { Array($0.utf8) },
    memoryPerByte: 16
  ) { _, bytes in
    guard let orientation = EXIF.orientation(in: bytes) else { throw Refusal() }
    demand((1...8).contains(orientation), "an orientation that TIFF has")
  }

  private static func readImage(_ file: URL, _ bytes: [UInt8]) throws {
    let image = try ImageFile.decode(contentsOf: file)
    demand(
      image.pixels.count == image.width * image.height * image.channels && !image.pixels.isEmpty
        && [1, 3].contains(image.channels), "pixels of \(image.width)x\(image.height)")
  }
}
