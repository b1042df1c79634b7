import CZlib

/// What follows a gzip file's contents: their checksum and length, for one made of one member.
func repairedGzip(_ bytes: [UInt8]) -> [UInt8] {
  // 10 bytes of header without options, 8 behind the data.
  guard bytes.count > 18, bytes[3] == 0, let (contents, used) = inflated(Array(bytes[10...])),
    10 + used + 8 <= bytes.count
  else { return bytes }
  var bytes = bytes
  let trailer = [UInt32(truncatingIfNeeded: checksum(contents)), UInt32(contents.count)]
  bytes.replaceSubrange((10 + used)..<(10 + used + 8), with: trailer.flatMap(littleEndian))
  return bytes
}

/// The checksum of each chunk of a PNG file.
func repairedPNG(_ bytes: [UInt8]) -> [UInt8] {
  var bytes = bytes
  var place = 8
  while place + 12 <= bytes.count {
    let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
    let end = place + 8 + length
    guard end + 4 <= bytes.count else { break }
    let sum = UInt32(truncatingIfNeeded: checksum(Array(bytes[(place + 4)..<end])))
    bytes.replaceSubrange(end..<end + 4, with: littleEndian(sum).reversed())
    place = end + 4
  }
  return bytes
}

/// The sum of each file of a zip archive that is stored as it is, in the table at the end and before
/// the file.
func repairedZip(_ bytes: [UInt8]) -> [UInt8] {
  var bytes = bytes
  func number(_ place: Int, _ width: Int) -> Int {
    guard place >= 0, place + width <= bytes.count else { return 0 }
    return bytes[place..<place + width].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
  let entryMark: [UInt8] = [0x50, 0x4B, 1, 2]
  for entry in bytes.indices where bytes[entry...].starts(with: entryMark) {
    let file = number(entry + 42, 4)
    let start = file + 30 + number(file + 26, 2) + number(file + 28, 2)
    let end = start + number(entry + 20, 4)
    guard number(entry + 10, 2) == 0, entry + 20 <= bytes.count, start < end, end <= bytes.count
    else { continue }
    let sum = littleEndian(UInt32(truncatingIfNeeded: checksum(Array(bytes[start..<end]))))
    for place in [entry + 16, file + 14] { bytes.replaceSubrange(place..<place + 4, with: sum) }
  }
  return bytes
}

/// The length of a safetensors header, which ends with the last brace.
func repairedSafeTensors(_ bytes: [UInt8]) -> [UInt8] {
  guard bytes.count > 8, let end = bytes.lastIndex(of: UInt8(ascii: "}")), end >= 8 else {
    return bytes
  }
  // Spaces may follow the header, to align the tensors.
  var length = end + 1 - 8
  while 8 + length < bytes.count, bytes[8 + length] == UInt8(ascii: " ") { length += 1 }
  return littleEndian(UInt64(length)) + bytes[8...]
}

/// A gzip file of one block, stored as it is.
func storedGzip(_ contents: [UInt8]) -> [UInt8] {
  [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255] + storedBlock(contents)
    + littleEndian(UInt32(truncatingIfNeeded: checksum(contents)))
    + littleEndian(UInt32(contents.count))
}

/// A deflate stream of one block, stored as it is: at most 65535 bytes.
func storedBlock(_ contents: [UInt8]) -> [UInt8] {
  let length = UInt16(contents.count)
  return [1] + littleEndian(length) + littleEndian(~length) + contents
}

func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

func checksum(_ bytes: [UInt8]) -> UInt { crc32(0, bytes, UInt32(bytes.count)) }

/// The contents of a deflate stream, at most a megabyte of them, and the bytes it takes.
private func inflated(_ bytes: [UInt8]) -> (contents: [UInt8], used: Int)? {
  var stream = z_stream()
  guard
    inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  else { return nil }
  defer { inflateEnd(&stream) }
  var input = bytes
  var status = Z_OK
  let contents = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, filled in
    input.withUnsafeMutableBufferPointer { input in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = buffer.baseAddress
      stream.avail_out = UInt32(buffer.count)
      status = inflate(&stream, Z_FINISH)
    }
    filled = buffer.count - Int(stream.avail_out)
  }
  return status == Z_STREAM_END ? (contents, bytes.count - Int(stream.avail_in)) : nil
}
