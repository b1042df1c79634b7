import CImages

extension ImageFile {
  /// The formats of files that are read.
  enum Format: String, CaseIterable {
    case jpeg = "JPEG"
    case png = "PNG"
    case webp = "WebP"
    case tiff = "TIFF"
    case bmp = "BMP"

    typealias Problem = BMP.Problem

    /// In both byte orders, with places of 4 and of 8 bytes.
    private static let tiffMarks: [[UInt8]] = [
      [0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43],
    ]

    /// Known by the first bytes of a file; throws `malformed` for another, by its name where it has
    /// one.
    init(_ bytes: [UInt8], path: String) throws(DataError) {
      let fields = ByteFields(bytes[...])
      if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
        self = .jpeg
      } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
        self = .png
      } else if fields.has("RIFF", at: 0), fields.has("WEBP", at: 8) {
        self = .webp
      } else if Self.tiffMarks.contains(where: bytes.starts) {
        self = .tiff
      } else if fields.has("BM", at: 0) {
        self = .bmp
      } else if let name = Self.unreadFormat(fields) {
        throw DataError(
          .malformed, what: path, why: "is of the format \(name), which is not read",
          whatToDo: "convert it to JPEG, PNG, WebP, TIFF or BMP")
      } else {
        throw .brokenImage(path, "no JPEG, PNG, WebP, TIFF or BMP image")
      }
    }

    /// What else people have under the ending of another format.
    private static func unreadFormat(_ fields: ByteFields) -> String? {
      if fields.has("GIF8", at: 0) { return "GIF" }
      guard fields.has("ftyp", at: 4) else { return nil }
      if fields.has("avi", at: 8) { return "AVIF" }
      return ["hei", "hev", "mif", "msf"].contains { fields.has($0, at: 8) } ? "HEIC" : nil
    }

    func error(_ problem: Problem, path: String) -> DataError {
      problem.isUnsupported
        ? DataError(
          .malformed, what: path,
          why: "a \(rawValue) file of a kind that is not read (\(problem.why))",
          whatToDo: "convert it to a usual JPEG or PNG")
        : .brokenImage(path, "a broken \(rawValue) (\(problem.why))")
    }

    /// What the file says of the image; `bytes` are its first ones, or all.
    func header(
      _ bytes: [UInt8], path: String, fileSize: Int, pixelLimit: Int
    ) throws(DataError) -> images_header {
      var header = images_header()
      if let problem = read(bytes, into: &header) { throw error(problem, path: path) }
      // Both are below 2^32, and few are decoded.
      let (width, height) = (Int(header.width), Int(header.height))
      guard width > 0, height > 0, width <= pixelLimit, height <= pixelLimit,
        width * height <= pixelLimit
      else {
        throw .brokenImage(
          path, "\(width)x\(height) pixels, at most \(pixelLimit) are decoded")
      }
      guard leastBytes(width, height, bits: Int(header.bits)) <= fileSize else {
        throw .brokenImage(
          path, "cut short: \(width)x\(height) pixels, more than the file can hold")
      }
      return header
    }

    private func read(_ bytes: [UInt8], into header: inout images_header) -> Problem? {
      switch self {
      case .jpeg: Self.problem { images_jpeg_header(bytes, bytes.count, &header, $0) }
      case .png: Self.problem { images_png_header(bytes, bytes.count, &header, $0) }
      case .webp: Self.problem { images_webp_header(bytes, bytes.count, &header, $0) }
      case .tiff: Self.problem { images_tiff_header(bytes, bytes.count, &header, $0) }
      case .bmp: Self.readBMP(bytes, into: &header)
      }
    }

    private static func readBMP(_ bytes: [UInt8], into header: inout images_header) -> Problem? {
      do throws(Problem) {
        let bmp = try BMP(bytes)
        header = images_header(
          width: UInt32(bmp.width), height: UInt32(bmp.height), channels: Int32(bmp.channels),
          bits: Int32(bmp.bits), orientation: 0)
        return nil
      } catch { return error }
    }

    private static func decodeBMP(
      _ bytes: [UInt8], into pixels: UnsafeMutablePointer<UInt8>
    ) -> Problem? {
      do throws(Problem) {
        try BMP(bytes).decode(bytes, into: pixels)
        return nil
      } catch { return error }
    }

    /// The fewest bytes of a file with so many pixels: memory is not taken for less.
    ///
    /// A JPEG has a bit or more for each block of 8x8 pixels; less is only possible with arithmetic
    /// coding of a plain area. Deflate makes 1032 bytes of one at most; a row of a PNG has a byte
    /// for its filter and `bits` a pixel. Of TIFF's methods fax coding of empty pages makes more; no
    /// photograph is one. WebP has no bound: its own writer makes 25000 pixels of a plain area of one
    /// byte, and photographs take a thousand times what is asked for here.
    private func leastBytes(_ width: Int, _ height: Int, bits: Int) -> Int {
      switch self {
      case .jpeg: ((width + 7) / 8) * ((height + 7) / 8) / 8
      case .png: height * (1 + (width * bits + 7) / 8) / 1032
      case .tiff: height * ((width * bits + 7) / 8) / 1032
      case .webp: width * height / (1 << 15)
      case .bmp: height * ((width * bits + 31) / 32 * 4)
      }
    }

    /// Nil, or what is wrong.
    func decode(
      _ bytes: [UInt8], header: images_header, into pixels: UnsafeMutablePointer<UInt8>
    ) -> Problem? {
      switch self {
      case .jpeg: Self.problem { images_jpeg_decode(bytes, bytes.count, header, pixels, $0) }
      case .png: Self.problem { images_png_decode(bytes, bytes.count, header, pixels, $0) }
      case .webp: Self.problem { images_webp_decode(bytes, bytes.count, header, pixels, $0) }
      case .tiff: Self.problem { images_tiff_decode(bytes, bytes.count, header, pixels, $0) }
      case .bmp: Self.decodeBMP(bytes, into: pixels)
      }
    }

    /// The orientation that the file notes, 1 to 8; nil where it notes none.
    func orientation(_ bytes: [UInt8], _ header: images_header) -> Int? {
      switch self {
      case .jpeg, .png, .webp: EXIF.orientation(in: bytes)
      case .tiff: Int(header.orientation)
      case .bmp: nil
      }
    }

    private static func problem(
      _ call: (UnsafeMutablePointer<CChar>) -> images_result
    ) -> Problem? {
      withUnsafeTemporaryAllocation(
        of: CChar.self, capacity: Int(IMAGES_MESSAGE_SIZE)
      ) { message in
        guard let start = message.baseAddress else { return Problem(why: "no memory") }
        let result = call(start)
        if result == IMAGES_DONE { return nil }
        return Problem(
          why: String(cString: start), isUnsupported: result == IMAGES_UNSUPPORTED)
      }
    }
  }
}
