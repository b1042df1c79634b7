/// A BMP file without compression: 1, 4 or 8 bits of a palette, or 16, 24 or 32 bits of a colour.
struct BMP {
  /// What keeps a file from being read.
  struct Problem: Error {
    let why: String
    /// Whether the file is intact and of a kind that is not read.
    var isUnsupported = false
  }

  /// The bits of a pixel that are one colour's.
  private struct Mask {
    let bits: Int

    func value(of pixel: Int) -> UInt8 {
      let shift = bits.trailingZeroBitCount
      return UInt8(((pixel & bits) >> shift) * 255 / (bits >> shift))
    }
  }

  private typealias Color = (red: UInt8, green: UInt8, blue: UInt8)

  private static let fileHeader = 14

  let width: Int
  let height: Int
  /// 1 for a palette of greys, else 3.
  let channels: Int
  /// Bits of a pixel.
  let bits: Int
  private let isTopDown: Bool
  /// Bytes of a row.
  private let row: Int
  /// Where the pixels begin.
  private let start: Int
  private let palette: [Color]
  /// Red, green and blue; empty for a palette.
  private let masks: [Mask]

  /// Reads what stands before the pixels; the pixels need not be there.
  init(_ file: [UInt8]) throws(Problem) {
    let fields = ByteFields(file[...])
    func number(_ place: Int, _ width: Int) throws(Problem) -> Int {
      guard let number = fields.number(at: place, width: width) else {
        throw Problem(why: "cut short")
      }
      return number
    }
    func signed(_ place: Int) throws(Problem) -> Int {
      Int(Int32(truncatingIfNeeded: try number(place, 4)))
    }
    let start = try number(10, 4)
    let headerSize = try number(Self.fileHeader, 4)
    // The first header has numbers of 2 bytes, and colours of 3 in its palette.
    let isOld = headerSize == 12
    guard isOld || (40...256).contains(headerSize) else {
      throw Problem(why: "a header of \(headerSize) bytes")
    }
    width = try isOld ? number(18, 2) : signed(18)
    let signedHeight = try isOld ? number(20, 2) : signed(22)
    bits = try number(isOld ? 24 : 28, 2)
    let compression = try isOld ? 0 : number(30, 4)
    isTopDown = signedHeight < 0
    height = abs(signedHeight)
    guard width > 0, height > 0 else { throw Problem(why: "no pixels") }
    let hasMasks = compression == 3 || compression == 6
    guard compression == 0 || hasMasks && (bits == 16 || bits == 32) else {
      throw Problem(why: "compressed by method \(compression)", isUnsupported: true)
    }
    guard [1, 4, 8, 16, 24, 32].contains(bits) else { throw Problem(why: "\(bits) bits a pixel") }
    row = (bits * width + 31) / 32 * 4
    self.start = start

    if bits == 16 || bits == 32 {
      let usual = bits == 16 ? [0x7C00, 0x3E0, 0x1F] : [0xFF0000, 0xFF00, 0xFF]
      var masks = usual
      if hasMasks {
        for index in 0..<3 { masks[index] = try number(Self.fileHeader + 40 + 4 * index, 4) }
      }
      guard masks.allSatisfy({ $0 > 0 }) else { throw Problem(why: "a colour without bits") }
      self.masks = masks.map { Mask(bits: $0) }
    } else {
      masks = []
    }

    var palette: [Color] = []
    if bits <= 8 {
      let stride = isOld ? 3 : 4
      let begin = Self.fileHeader + headerSize
      let used = try isOld ? 0 : number(46, 4)
      let count = used == 0 ? 1 << bits : min(used, 1 << bits)
      // Fewer where the pixels begin before its end.
      for index in 0..<count where begin + stride * (index + 1) <= start {
        let place = begin + stride * index
        palette.append(
          (
            UInt8(try number(place + 2, 1)), UInt8(try number(place + 1, 1)),
            UInt8(try number(place, 1))
          ))
      }
      palette += [Color](repeating: (0, 0, 0), count: (1 << bits) - palette.count)
    }
    self.palette = palette
    let isGrey = bits <= 8 && palette.allSatisfy { $0.red == $0.green && $0.green == $0.blue }
    channels = isGrey ? 1 : 3
  }

  /// Bytes that a file with all pixels has at least.
  var leastBytes: Int { start + row * height }

  /// The pixels `[height, width, channels]` of the file that the header is of.
  func decode(_ file: [UInt8], into pixels: UnsafeMutablePointer<UInt8>) throws(Problem) {
    guard leastBytes <= file.count else { throw Problem(why: "cut short") }
    var target = pixels
    for y in 0..<height {
      let begin = start + row * (isTopDown ? y : height - 1 - y)
      for x in 0..<width {
        let color = color(file, begin, x)
        target[0] = color.red
        if channels == 3 {
          target[1] = color.green
          target[2] = color.blue
        }
        target += channels
      }
    }
  }

  private func color(_ file: [UInt8], _ row: Int, _ x: Int) -> Color {
    switch bits {
    case 1, 4, 8:
      let perByte = 8 / bits
      let shift = bits * (perByte - 1 - x % perByte)
      return palette[Int(file[row + x / perByte]) >> shift & (1 << bits - 1)]
    case 24:
      let place = row + 3 * x
      return (file[place + 2], file[place + 1], file[place])
    default:
      let place = row + bits / 8 * x
      let pixel = file[place..<place + bits / 8].reversed().reduce(0) { $0 << 8 | Int($1) }
      return (masks[0].value(of: pixel), masks[1].value(of: pixel), masks[2].value(of: pixel))
    }
  }
}
