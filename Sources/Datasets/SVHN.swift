import Foundation

/// The MATLAB files of SVHN's cropped digits: images X, `[32, 32, 3, N]` bytes with the row running
/// first, and labels y, `[N, 1]`, where 10 is the digit 0.
package enum SVHN {
  static let channels = 3
  static let side = 32
  private static let digits = 10
  /// Deflate never makes more than 1032 bytes of one.
  private static let largestRatio = 1032

  /// Reads one file as images `[N, 32, 32, 3]` with labels 0...9; N is at least 1.
  package static func images(_ url: URL) throws(DataError) -> LabeledImages {
    let file = try InputFile(url)
    let arrays = try MATLABFile(file)
    var pixels: (bytes: [UInt8], count: Int)?
    var labels: [Int32]?
    try arrays.forEachArray { (header, reader) throws(DataError) in
      switch header.name {
      case "X" where pixels == nil:
        let count = try imageCount(header, file)
        let size = count * channels * side * side
        pixels = (try arrays.bytes(reader, count: size), count)
      case "y" where labels == nil:
        let count = try labelCount(header, file)
        labels = try classes(try arrays.numbers(reader, count: count), url)
      default: break
      }
    }
    guard let pixels else { throw .malformed(url.path, "has no variable X") }
    guard let labels else { throw .malformed(url.path, "has no variable y") }
    guard labels.count == pixels.count else {
      throw .malformed(
        url.path, "has \(labels.count) labels in y for the \(pixels.count) images in X")
    }
    return LabeledImages(
      height: side, width: side, channels: channels,
      images: interleaved(pixels.bytes, count: pixels.count), labels: labels)
  }

  private static func imageCount(
    _ header: MATLABFile.Header, _ file: InputFile
  ) throws(DataError) -> Int {
    let sizes = header.dimensions
    guard sizes.count == 4, Array(sizes.prefix(3)) == [side, side, channels], sizes[3] > 0,
      header.kind == .uint8
    else { throw unexpected(header, "32x32x3xN bytes", file) }
    let (limit, overflow) = file.size.multipliedReportingOverflow(by: largestRatio)
    guard let bytes = LabeledImages.byteCount(of: sizes[3], side, side, channels),
      overflow || bytes <= limit
    else {
      throw .malformed(
        file.path, "cut short: X says \(sizes[3]) images, more than the file can hold")
    }
    return sizes[3]
  }

  private static func labelCount(
    _ header: MATLABFile.Header, _ file: InputFile
  ) throws(DataError) -> Int {
    let sizes = header.dimensions
    guard sizes.count == 2, sizes[1] == 1, sizes[0] > 0, header.kind != nil else {
      throw unexpected(header, "Nx1 labels", file)
    }
    return sizes[0]
  }

  private static func unexpected(
    _ header: MATLABFile.Header, _ expected: String, _ file: InputFile
  ) -> DataError {
    let size = header.dimensions.map { "\($0)" }.joined(separator: "x")
    return .malformed(
      file.path, "\(header.name) is \(size) of another kind, expected \(expected)")
  }

  private static func classes(_ values: [Double], _ url: URL) throws(DataError) -> [Int32] {
    var labels: [Int32] = []
    for (index, value) in values.enumerated() {
      guard let label = Int32(exactly: value), 1...Int32(digits) ~= label else {
        throw .malformed(url.path, "label \(index) is \(value), SVHN's are 1...\(digits)")
      }
      labels.append(label == digits ? 0 : label)
    }
    return labels
  }

  /// Turns `[N][channel][column][row]` into `[N, 32, 32, 3]`.
  private static func interleaved(_ bytes: [UInt8], count: Int) -> [UInt8] {
    let plane = side * side
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { images, filled in
      bytes.withUnsafeBufferPointer { bytes in
        for index in 0..<count {
          let start = index * channels * plane
          for row in 0..<side {
            for column in 0..<side {
              for channel in 0..<channels {
                images[start + (row * side + column) * channels + channel] =
                  bytes[start + channel * plane + column * side + row]
              }
            }
          }
        }
      }
      filled = bytes.count
    }
  }
}
