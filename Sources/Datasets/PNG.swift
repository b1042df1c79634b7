import CImages
import Glibc

/// Images as PNG files.
package enum PNG {
  /// The file of an image [height, width, channels]; of two channels or more than three the first
  /// is shown as grey.
  ///
  /// Throws `malformed` where libpng refuses the size or memory is short.
  package static func encoded(
    _ pixels: ArraySlice<UInt8>, height: Int, width: Int, channels: Int
  ) throws(DataError) -> [UInt8] {
    precondition(pixels.count == height * width * channels, "the pixels do not fit the size")
    let isShownWhole = channels == 1 || channels == 3
    let shown =
      isShownWhole
      ? pixels
      : stride(from: pixels.startIndex, to: pixels.endIndex, by: channels)
        .map { pixels[$0] }[...]
    let header = images_header(
      width: UInt32(width), height: UInt32(height), channels: isShownWhole ? Int32(channels) : 1,
      bits: 0, orientation: 0)
    var message = [CChar](repeating: 0, count: Int(IMAGES_MESSAGE_SIZE))
    var count = 0
    let bytes = shown.withUnsafeBufferPointer {
      images_png_encode($0.baseAddress, header, &count, &message)
    }
    guard let bytes else {
      let why = message.withUnsafeBufferPointer { $0.baseAddress.map(String.init(cString:)) ?? "" }
      throw .malformed("PNG of \(width)x\(height) pixels", why)
    }
    defer { free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}
