import CMatio
import Foundation

/// The MATLAB files of SVHN's cropped digits: images X, `[32, 32, 3, N]` bytes with the row running
/// first, and labels y, `[N, 1]`, where 10 is the digit 0.
enum SVHN {
  static let channels = 3
  static let side = 32
  private static let digits = 10
  /// Deflate never makes more than 1032 bytes of one.
  private static let largestRatio = 1032

  /// Reads one file as images `[N, 32, 32, 3]` with labels 0...9; N is at least 1.
  static func images(_ url: URL) throws(DataError) -> LabeledImages {
    let size = try checkedSize(url)
    guard let file = Mat_Open(url.path, Int32(MAT_ACC_RDONLY.rawValue)) else {
      throw .malformed(url.path, "no MATLAB file that libmatio can open")
    }
    defer { Mat_Close(file) }
    let pixels = try variable("X", of: file, url) { dimensions, type in
      guard dimensions.count == 4, dimensions.prefix(3) == [side, side, channels],
        type == MAT_C_UINT8
      else { return nil }
      return dimensions[3]
    }
    defer { Mat_VarFree(pixels.info) }
    let labels = try variable("y", of: file, url) { dimensions, type in
      guard dimensions.count == 2, dimensions[1] == 1, type == MAT_C_UINT8 || type == MAT_C_DOUBLE
      else { return nil }
      return dimensions[0]
    }
    defer { Mat_VarFree(labels.info) }
    guard labels.count == pixels.count else {
      throw .malformed(
        url.path, "has \(labels.count) labels in y for the \(pixels.count) images in X")
    }
    let (limit, overflow) = size.multipliedReportingOverflow(by: largestRatio)
    guard let bytes = LabeledImages.byteCount(of: pixels.count, side, side, channels),
      bytes <= (overflow ? .max : limit)
    else {
      throw .malformed(
        url.path, "cut short: X says \(pixels.count) images, more than the file can hold")
    }
    let classes = try self.labels(labels.info, of: file, count: labels.count, url)
    try read(pixels.info, of: file, bytes: bytes, url)
    guard let data = pixels.info.pointee.data else { throw broken("X", url) }
    return LabeledImages(
      height: side, width: side, channels: channels,
      images: interleaved(
        UnsafeRawBufferPointer(start: data, count: bytes), count: pixels.count),
      labels: classes)
  }

  /// The size of a file that starts as MATLAB's level 5 does; libmatio would also try others.
  private static func checkedSize(_ url: URL) throws(DataError) -> Int {
    let file = try InputFile(url)
    let header = try file.read(128)
    guard header.count == 128 else {
      throw .malformed(url.path, "cut short: \(file.size) bytes hold no MATLAB header")
    }
    // The version and the byte order that wrote it.
    let end = Array(header[124...])
    guard end == [0, 1, 0x49, 0x4D] || end == [1, 0, 0x4D, 0x49] else {
      throw .malformed(url.path, "no MATLAB file of level 5")
    }
    return file.size
  }

  /// The description of a variable and its number of items; the caller frees it.
  private static func variable(
    _ name: String, of file: OpaquePointer, _ url: URL,
    count: ([Int], matio_classes) -> Int?
  ) throws(DataError) -> (info: UnsafeMutablePointer<matvar_t>, count: Int) {
    guard let info = Mat_VarReadInfo(file, name) else {
      throw .malformed(url.path, "has no variable \(name), or it is broken")
    }
    let rank = Int(info.pointee.rank)
    let dimensions = info.pointee.dims.map { dims in
      (0..<max(rank, 0)).map { Int(clamping: dims[$0]) }
    }
    guard info.pointee.isComplex == 0, let dimensions,
      let items = count(dimensions, info.pointee.class_type), items > 0
    else {
      Mat_VarFree(info)
      let size = (dimensions ?? []).map { "\($0)" }.joined(separator: "x")
      throw .malformed(
        url.path,
        "\(name) is \(size) of another kind, expected "
          + (name == "X" ? "32x32x3xN bytes" : "Nx1 labels"))
    }
    return (info, items)
  }

  private static func labels(
    _ info: UnsafeMutablePointer<matvar_t>, of file: OpaquePointer, count: Int, _ url: URL
  ) throws(DataError) -> [Int32] {
    let isDouble = info.pointee.class_type == MAT_C_DOUBLE
    try read(info, of: file, bytes: count * (isDouble ? 8 : 1), url)
    guard let data = info.pointee.data else { throw broken("y", url) }
    var labels: [Int32] = []
    for index in 0..<count {
      let value =
        isDouble
        ? data.load(fromByteOffset: 8 * index, as: Double.self)
        : Double(data.load(fromByteOffset: index, as: UInt8.self))
      guard let label = Int32(exactly: value), 1...Int32(digits) ~= label else {
        throw .malformed(url.path, "label \(index) is \(value), SVHN's are 1...\(digits)")
      }
      labels.append(label == digits ? 0 : label)
    }
    return labels
  }

  /// Reads the values of a variable, which must then be `bytes` long.
  private static func read(
    _ info: UnsafeMutablePointer<matvar_t>, of file: OpaquePointer, bytes: Int, _ url: URL
  ) throws(DataError) {
    let name = info.pointee.name.map { String(cString: $0) } ?? "a variable"
    guard Mat_VarReadDataAll(file, info) == 0, info.pointee.nbytes == bytes else {
      throw broken(name, url)
    }
  }

  private static func broken(_ name: String, _ url: URL) -> DataError {
    .malformed(url.path, "cut short or broken: the values of \(name) cannot be read")
  }

  /// Turns `[N][channel][column][row]` into `[N, 32, 32, 3]`.
  private static func interleaved(_ bytes: UnsafeRawBufferPointer, count: Int) -> [UInt8] {
    let plane = side * side
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { images, filled in
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
      filled = bytes.count
    }
  }
}
