import CImages
import Foundation

/// An image as bytes, decoded from a file.
public struct ImageFile: Sendable, Equatable {
  /// Columns, W.
  public let width: Int
  /// Rows, H.
  public let height: Int
  /// 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// The pixels, `[H, W, channels]`.
  public let pixels: [UInt8]

  /// The most pixels that are decoded unless the caller allows others.
  public static let largestPixelCount = 1 << 27
  private static let largestFile = 1 << 30
  /// Bytes that hold the header of most files.
  private static let usualHeader = 1 << 16

  /// Decodes the JPEG, PNG, WebP, TIFF or BMP file at `url`, known by its first bytes, not by its name.
  ///
  /// Palettes become colours, 16 bits become 8, CMYK (in Adobe's convention) becomes RGB, alpha is
  /// dropped; of a TIFF file the first image is taken. `orientation` says whether the image is
  /// turned as its camera noted. Throws `missing` for a file that cannot be read, `malformed` for one
  /// that is no whole image, is animated, or has more than `pixelLimit` pixels or more than its size
  /// can hold, which is known before memory is taken for them.
  public static func decode(
    contentsOf url: URL, orientation: OrientationHandling = .ignored,
    pixelLimit: Int = largestPixelCount
  ) throws(DataError) -> ImageFile {
    try decode(contentsOf: FilePath(url), orientation: orientation, pixelLimit: pixelLimit)
  }

  /// Decodes the file at `path`, see above.
  public static func decode(
    contentsOf path: FilePath, orientation: OrientationHandling = .ignored,
    pixelLimit: Int = largestPixelCount
  ) throws(DataError) -> ImageFile {
    let file = try open(path)
    let bytes = try read(file, file.size)
    let format = try Format(bytes, path: "\(path)")
    let header = try format.header(
      bytes, path: "\(path)", fileSize: file.size, pixelLimit: pixelLimit)
    let count = Int(header.width) * Int(header.height) * Int(header.channels)
    var problem: Format.Problem?
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { pixels, filled in
      if let start = pixels.baseAddress {
        problem = format.decode(bytes, header: header, into: start)
      }
      filled = problem == nil ? count : 0
    }
    if let problem { throw format.error(problem, path: "\(path)") }
    let image = ImageFile(
      width: Int(header.width), height: Int(header.height), channels: Int(header.channels),
      pixels: pixels)
    guard orientation == .upright,
      let noted = format.orientation(bytes, header).flatMap(CameraOrientation.init)
    else { return image }
    return image.upright(from: noted)
  }

  /// The image with three channels: a grey one repeats its own.
  public var colored: ImageFile {
    guard channels == 1 else { return self }
    return ImageFile(
      width: width, height: height, channels: 3, pixels: pixels.flatMap { [$0, $0, $0] })
  }

  /// Throws as `decode` for what the file's first bytes tell; most of the file is not read.
  static func checkHeader(of path: FilePath) throws(DataError) {
    let file = try open(path)
    func check(_ count: Int) throws(DataError) {
      let bytes = try read(file, count)
      _ = try Format(bytes, path: "\(path)").header(
        bytes, path: "\(path)", fileSize: file.size, pixelLimit: largestPixelCount)
    }
    let start = min(file.size, usualHeader)
    do throws(DataError) { try check(start) } catch {
      guard start < file.size else { throw error }
      // A camera's preview, or a TIFF's directory at the end.
      try file.seek(to: 0)
      try check(file.size)
    }
  }

  private static func open(_ path: FilePath) throws(DataError) -> InputFile {
    let file = try InputFile(path)
    guard file.size > 0 else { throw .brokenImage("\(path)", "an empty file") }
    guard file.size <= largestFile else {
      throw .brokenImage("\(path)", "\(file.size) bytes, more than the \(largestFile) of an image")
    }
    return file
  }

  private static func read(_ file: InputFile, _ count: Int) throws(DataError) -> [UInt8] {
    let bytes = try file.read(count)
    guard bytes.count == count else {
      throw .brokenImage(file.path, "cut short while it was read")
    }
    return bytes
  }
}
