/// The notes of a camera in an image file, of which only the orientation is read.
///
/// The containers are walked here: each is a row of lengths, and libpng would take whatever memory a
/// chunk claims.
package enum EXIF {
  private static let mark = "Exif\0\0"
  private static let orientationTag = 0x0112

  /// The orientation, 1 to 8, in the notes of a JPEG, PNG or WebP file; nil where there is none.
  package static func orientation(in file: [UInt8]) -> Int? {
    let fields = ByteFields(file[...])
    let notes =
      if fields.has("PNG", at: 1) {
        png(fields)
      } else if fields.has("RIFF", at: 0) {
        webp(fields)
      } else {
        jpeg(fields)
      }
    return notes.flatMap(orientation)
  }

  /// The first application segment with the mark, before the pixels begin.
  private static func jpeg(_ file: ByteFields) -> ArraySlice<UInt8>? {
    let file = ByteFields(file.bytes, isBigEndian: true)
    var place = 2
    while let start = file.number(at: place, width: 1), start == 0xFF,
      let marker = file.number(at: place + 1, width: 1)
    {
      switch marker {
      case 0xFF: place += 1  // Filling.
      case 0x01, 0xD0...0xD8: place += 2  // Markers without a segment.
      case 0xD9, 0xDA: return nil
      default:
        guard let length = file.number(at: place + 2, width: 2), length >= 2 else { return nil }
        if marker == 0xE1, file.has(mark, at: place + 4) {
          return file.part(at: place + 4 + mark.utf8.count, count: length - 2 - mark.utf8.count)
        }
        place += 2 + length
      }
    }
    return nil
  }

  private static func png(_ file: ByteFields) -> ArraySlice<UInt8>? {
    let file = ByteFields(file.bytes, isBigEndian: true)
    var place = 8
    while let length = file.number(at: place, width: 4), !file.has("IEND", at: place + 4) {
      if file.has("eXIf", at: place + 4) { return file.part(at: place + 8, count: length) }
      place += 12 + length
    }
    return nil
  }

  private static func webp(_ file: ByteFields) -> ArraySlice<UInt8>? {
    var place = 12
    while let length = file.number(at: place + 4, width: 4) {
      if file.has("EXIF", at: place) {
        let notes = file.part(at: place + 8, count: length)
        return ByteFields(notes).has(mark, at: 0) ? notes.dropFirst(mark.utf8.count) : notes
      }
      place += 8 + length + length % 2
    }
    return nil
  }

  /// The orientation in notes, which are a TIFF file's first folder of tags.
  private static func orientation(_ notes: ArraySlice<UInt8>) -> Int? {
    guard notes.starts(with: [0x49, 0x49]) || notes.starts(with: [0x4D, 0x4D]) else { return nil }
    let fields = ByteFields(notes, isBigEndian: notes.first == 0x4D)
    guard fields.number(at: 2, width: 2) == 42, let folder = fields.number(at: 4, width: 4),
      let count = fields.number(at: folder, width: 2)
    else { return nil }
    for index in 0..<count {
      let entry = folder + 2 + 12 * index
      guard let tag = fields.number(at: entry, width: 2) else { return nil }
      if tag != orientationTag { continue }
      // A short number, or as some write it a long one.
      let type = fields.number(at: entry + 2, width: 2)
      let value = fields.number(at: entry + 8, width: type == 4 ? 4 : 2)
      return value.flatMap { (1...8).contains($0) ? $0 : nil }
    }
    return nil
  }
}
