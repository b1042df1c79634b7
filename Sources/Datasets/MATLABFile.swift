/// The numeric arrays of a MATLAB file of level 5, little-endian, compressed or not.
///
/// Only what is asked for is read, and memory grows only with bytes that came: a file of a kilobyte
/// can make libmatio take hundreds of megabytes.
struct MATLABFile {
  /// What stands before an array's values.
  struct Header {
    let name: String
    let dimensions: [Int]
    /// The array's class, or nil for complex numbers, which no data set has.
    let kind: Kind?
  }

  /// Classes of arrays; there are others, for example of texts.
  enum Kind: UInt32 {
    case double = 6
    case uint8 = 9
  }

  private enum Element {
    static let matrix: UInt32 = 14
    static let compressed: UInt32 = 15
  }

  private static let headerSize = 128
  /// Names and dimensions of the arrays that are looked for are shorter.
  private static let longestPart = 256

  private let file: InputFile

  init(_ file: InputFile) throws(DataError) {
    self.file = file
    let header = try file.read(Self.headerSize)
    guard header.count == Self.headerSize else {
      throw .malformed(file.path, "cut short: \(file.size) bytes hold no MATLAB header")
    }
    if header.starts(with: Array("MATLAB 7.3".utf8)) || header[124...] == [0, 2, 0x49, 0x4D] {
      throw DataError(
        .malformed, what: file.path, why: "a file of MATLAB 7.3, which is HDF5; level 5 is needed",
        whatToDo: "save it again with -v7, or get the authors' with 'widecl data fetch svhn'")
    }
    // The version and the byte order that wrote it.
    guard Array(header[124...]) == [0, 1, 0x49, 0x4D] else {
      throw .malformed(file.path, "no MATLAB file of level 5 in little-endian order")
    }
  }

  /// Calls `body` with each array and the reader of its values, which it need not read to the end.
  func forEachArray(
    _ body: (Header, any ByteReader) throws(DataError) -> Void
  ) throws(DataError) {
    var position = Self.headerSize
    while position < file.size {
      try file.seek(to: position)
      let (type, size) = try words(file)
      position += 8 + size
      guard position <= file.size else { throw broken }
      if type == Element.compressed {
        let reader = try ZlibReader(file, count: size)
        let (type, _) = try words(reader)
        if type == Element.matrix { try body(try header(reader), reader) }
      } else {
        if type == Element.matrix { try body(try header(file), file) }
        position += (8 - size % 8) % 8
      }
    }
  }

  /// The values of an array of `count` bytes that `reader` is at.
  func bytes(_ reader: any ByteReader, count: Int) throws(DataError) -> [UInt8] {
    let (type, bytes) = try values(reader, limit: count)
    guard type == 2, bytes.count == count else { throw broken }
    return bytes
  }

  /// The values of an array of `count` numbers that `reader` is at, however they are stored.
  func numbers(_ reader: any ByteReader, count: Int) throws(DataError) -> [Double] {
    let (type, bytes) = try values(reader, limit: 8 * count)
    func numbers<Number: FixedWidthInteger>(_ type: Number.Type) -> [Number] {
      let width = MemoryLayout<Number>.size
      return stride(from: 0, through: bytes.count - width, by: width).map { start in
        bytes[start..<start + width].reversed().reduce(Number(0)) {
          $0 << 8 | Number(truncatingIfNeeded: $1)
        }
      }
    }
    let result: [Double]
    switch type {
    case 1: result = bytes.map { Double(Int8(bitPattern: $0)) }
    case 2: result = bytes.map { Double($0) }
    case 3: result = numbers(Int16.self).map { Double($0) }
    case 4: result = numbers(UInt16.self).map { Double($0) }
    case 5: result = numbers(Int32.self).map { Double($0) }
    case 6: result = numbers(UInt32.self).map { Double($0) }
    case 9: result = numbers(UInt64.self).map { Double(bitPattern: $0) }
    default: throw broken
    }
    guard result.count == count else { throw broken }
    return result
  }

  /// The last part of an array.
  private func values(
    _ reader: any ByteReader, limit: Int
  ) throws(DataError) -> (type: UInt32, bytes: [UInt8]) {
    let result = try part(reader, limit: limit)
    // The sum behind compressed data is checked where their end is met.
    if reader is ZlibReader, try !reader.read(1).isEmpty { throw broken }
    return result
  }

  private func header(_ reader: any ByteReader) throws(DataError) -> Header {
    let (flagsType, flags) = try part(reader, limit: Self.longestPart)
    let (sizesType, sizes) = try part(reader, limit: Self.longestPart)
    let (nameType, name) = try part(reader, limit: Self.longestPart)
    guard flagsType == 6, flags.count == 8, sizesType == 5, sizes.count % 4 == 0, nameType == 1
    else { throw broken }
    let isComplex = flags[1] & 8 != 0
    return Header(
      name: String(decoding: name, as: UTF8.self),
      dimensions: stride(from: 0, to: sizes.count, by: 4).map { Int(word(sizes, at: $0)) },
      kind: isComplex ? nil : Kind(rawValue: UInt32(flags[0])))
  }

  /// An element within an array: its type and its bytes, at most `limit`.
  private func part(
    _ reader: any ByteReader, limit: Int
  ) throws(DataError) -> (type: UInt32, bytes: [UInt8]) {
    let tag = try exactly(8, from: reader)
    let first = word(tag, at: 0)
    // Up to 4 bytes may stand in the place of the length, which then shares a word with the type.
    if first >> 16 != 0 {
      guard first >> 16 <= 4 else { throw broken }
      return (first & 0xFFFF, Array(tag[4..<4 + Int(first >> 16)]))
    }
    let size = Int(word(tag, at: 4))
    guard size <= limit else { throw broken }
    let bytes = try exactly(size, from: reader)
    _ = try reader.read((8 - size % 8) % 8)
    return (first, bytes)
  }

  private func words(_ reader: any ByteReader) throws(DataError) -> (type: UInt32, size: Int) {
    let tag = try exactly(8, from: reader)
    return (word(tag, at: 0), Int(word(tag, at: 4)))
  }

  private func word(_ bytes: [UInt8], at start: Int) -> UInt32 {
    bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  private func exactly(_ count: Int, from reader: any ByteReader) throws(DataError) -> [UInt8] {
    let bytes = try reader.read(count)
    guard bytes.count == count else { throw broken }
    return bytes
  }

  private var broken: DataError {
    .malformed(file.path, "cut short or broken: an array cannot be read")
  }
}
