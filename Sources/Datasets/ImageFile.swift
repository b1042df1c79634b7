import CImages
import Foundation

/// An image as bytes, decoded from a JPEG or PNG file.
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

  /// Decodes the JPEG or PNG file at `url`, known by its first bytes, not by its name.
  ///
  /// Palettes become colours, 16 bits become 8, CMYK (in Adobe's convention) becomes RGB, alpha is
  /// dropped; the orientation that a camera notes is not applied. Throws `missing` for a file that
  /// cannot be read, `malformed` for one that is no whole image or has more than `pixelLimit`
  /// pixels or more than its size can hold, which is known before memory is taken for them.
  public static func decode(
    contentsOf url: URL, pixelLimit: Int = largestPixelCount
  ) throws(DataError) -> ImageFile {
    let bytes = try read(url)
    let format = try Format(bytes, path: url.path)
    let header = try format.header(bytes, path: url.path, pixelLimit: pixelLimit)
    let count = Int(header.width) * Int(header.height) * Int(header.channels)
    var problem: String?
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { pixels, filled in
      problem = format.decode(bytes, header: header, into: pixels.baseAddress)
      filled = problem == nil ? count : 0
    }
    if let problem { throw .malformed(url.path, "a broken \(format.rawValue) (\(problem))") }
    return ImageFile(
      width: Int(header.width), height: Int(header.height), channels: Int(header.channels),
      pixels: pixels)
  }

  /// The image with three channels: a grey one repeats its own.
  public var colored: ImageFile {
    guard channels == 1 else { return self }
    return ImageFile(
      width: width, height: height, channels: 3, pixels: pixels.flatMap { [$0, $0, $0] })
  }

  private static func read(_ url: URL) throws(DataError) -> [UInt8] {
    let file = try InputFile(url)
    guard file.size > 0 else { throw .malformed(url.path, "an empty file") }
    guard file.size <= largestFile else {
      throw .malformed(url.path, "\(file.size) bytes, more than the \(largestFile) of an image")
    }
    let bytes = try file.read(file.size)
    guard bytes.count == file.size else {
      throw .malformed(url.path, "cut short while it was read")
    }
    return bytes
  }
}

extension ImageFile {
  fileprivate enum Format: String {
    case jpeg = "JPEG"
    case png = "PNG"

    init(_ bytes: [UInt8], path: String) throws(DataError) {
      if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
        self = .jpeg
      } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
        self = .png
      } else {
        throw .malformed(path, "neither a JPEG nor a PNG image")
      }
    }

    func header(
      _ bytes: [UInt8], path: String, pixelLimit: Int
    ) throws(DataError) -> images_header {
      var header = images_header()
      let problem = Self.problem { message in
        switch self {
        case .jpeg: images_jpeg_header(bytes, bytes.count, &header, message)
        case .png: images_png_header(bytes, bytes.count, &header, message)
        }
      }
      if let problem { throw .malformed(path, "a broken \(rawValue) (\(problem))") }
      // Both are below 2^31, so that the product fits.
      let (width, height) = (Int(header.width), Int(header.height))
      guard width > 0, height > 0, width * height <= pixelLimit else {
        throw .malformed(
          path, "\(width)x\(height) pixels, at most \(pixelLimit) are decoded")
      }
      guard leastBytes(width, height, bits: Int(header.bits)) <= bytes.count else {
        throw .malformed(
          path, "cut short: \(width)x\(height) pixels, more than the file can hold")
      }
      return header
    }

    /// The fewest bytes of a file with so many pixels: memory is not taken for less.
    ///
    /// A JPEG has a bit or more for each block of 8x8 pixels; less is only possible with arithmetic
    /// coding of a plain area. Deflate makes 1032 bytes of one at most; a row of a PNG has a byte
    /// for its filter and `bits` a pixel.
    private func leastBytes(_ width: Int, _ height: Int, bits: Int) -> Int {
      switch self {
      case .jpeg: ((width + 7) / 8) * ((height + 7) / 8) / 8
      case .png: height * (1 + (width * bits + 7) / 8) / 1032
      }
    }

    /// Nil, or what is wrong.
    func decode(
      _ bytes: [UInt8], header: images_header, into pixels: UnsafeMutablePointer<UInt8>?
    ) -> String? {
      Self.problem { message in
        switch self {
        case .jpeg: images_jpeg_decode(bytes, bytes.count, header, pixels, message)
        case .png: images_png_decode(bytes, bytes.count, header, pixels, message)
        }
      }
    }

    private static func problem(_ call: (UnsafeMutablePointer<CChar>) -> Int32) -> String? {
      withUnsafeTemporaryAllocation(
        of: CChar.self, capacity: IMAGES_MESSAGE_SIZE
      ) { message in
        guard let start = message.baseAddress else { return "no memory" }
        return call(start) == 1 ? nil : String(cString: start)
      }
    }
  }
}
