/// Small images as PNG files, not compressed.
package enum PNG {
  /// The file of an image [height, width, channels]; of two channels or more than three the first
  /// is shown as grey.
  package static func encoded(
    _ pixels: ArraySlice<UInt8>, height: Int, width: Int, channels: Int
  ) -> [UInt8] {
    precondition(pixels.count == height * width * channels, "the pixels do not fit the size")
    let shown = channels == 3 ? 3 : 1
    var rows: [UInt8] = []
    for row in 0..<height {
      rows.append(0)  // no filter
      for column in 0..<width {
        let start = pixels.startIndex + (row * width + column) * channels
        rows += pixels[start..<start + shown]
      }
    }
    let header = big(width) + big(height) + [8, shown == 3 ? 2 : 0, 0, 0, 0]
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
      + chunk("IDAT", stored(rows)) + chunk("IEND", [])
  }

  /// A zlib stream of stored blocks.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x78, 0x01]
    var start = 0
    repeat {
      let end = min(start + 65535, bytes.count)
      let count = UInt16(end - start)
      result += [end == bytes.count ? 1 : 0]
      for word in [count, ~count] { result += [UInt8(word & 255), UInt8(word >> 8)] }
      result += bytes[start..<end]
      start = end
    } while start < bytes.count
    var (a, b) = (1, 0)
    for byte in bytes {
      a = (a + Int(byte)) % 65521
      b = (b + a) % 65521
    }
    return result + big(b << 16 | a)
  }

  private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + content
    var crc: UInt32 = ~0
    for byte in body {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return big(content.count) + body + big(Int(~crc))
  }

  private static func big(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
