/// Numbers at known places of bytes that anybody may have written.
struct ByteFields {
  let bytes: ArraySlice<UInt8>
  var isBigEndian = false

  /// Bytes there are.
  var count: Int { bytes.count }

  init(_ bytes: ArraySlice<UInt8>, isBigEndian: Bool = false) {
    self.bytes = bytes
    self.isBigEndian = isBigEndian
  }

  /// The unsigned number of `width` bytes, 1 to 4, at `place`; nil where it is not all there.
  func number(at place: Int, width: Int) -> Int? {
    guard place >= 0, place <= count - width else { return nil }
    let start = bytes.startIndex + place
    let field = bytes[start..<start + width]
    return isBigEndian
      ? field.reduce(0) { $0 << 8 | Int($1) } : field.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// The bytes at a place, fewer where there are not so many.
  func part(at place: Int, count: Int) -> ArraySlice<UInt8> {
    bytes.dropFirst(max(0, place)).prefix(max(0, count))
  }

  /// Whether the bytes at `place` are those of `text`.
  func has(_ text: String, at place: Int) -> Bool {
    part(at: place, count: text.utf8.count).elementsEqual(text.utf8)
  }
}
