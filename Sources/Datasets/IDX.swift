import Foundation

/// The IDX format of MNIST: a big-endian header (magic number, sizes), then bytes; or that in gzip.
package enum IDX {
  static let imageMagic: UInt32 = 0x0000_0803
  static let labelMagic: UInt32 = 0x0000_0801
  /// Of numbers of 4 bytes in rows.
  private static let tableMagic: UInt32 = 0x0000_0C02
  /// QMNIST tells 8 numbers of each image, the class first.
  private static let tableColumns = 8

  /// Reads images `[N, height, width]`; N is at least 1.
  package static func images(_ url: URL, height: Int, width: Int) throws(DataError) -> [UInt8] {
    try contents(url, magic: imageMagic, itemSizes: [height, width])
  }

  /// Reads labels `[N]` from `first` on, of `classes` classes, and counts them from 0; N is at
  /// least 1.
  package static func labels(
    _ url: URL, classes: Int, first: Int = 0
  ) throws(DataError) -> [Int32] {
    let bytes = try contents(url, magic: labelMagic, itemSizes: [])
    return try counted(bytes.map { Int32($0) }, classes: classes, first: first, url)
  }

  /// Reads the labels in the first column of QMNIST's table, `[N]`, each below `classes`.
  package static func tableLabels(_ url: URL, classes: Int) throws(DataError) -> [Int32] {
    let bytes = try contents(url, magic: tableMagic, itemSizes: [tableColumns], width: 4)
    let labels = stride(from: 0, to: bytes.count, by: 4 * tableColumns).map { start in
      Int32(bitPattern: bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) })
    }
    return try counted(labels, classes: classes, first: 0, url)
  }

  private static func counted(
    _ labels: [Int32], classes: Int, first: Int, _ url: URL
  ) throws(DataError) -> [Int32] {
    let known = Int32(first)..<Int32(first + classes)
    if let index = labels.firstIndex(where: { !known.contains($0) }) {
      throw .malformed(
        url.path,
        "label \(index) is \(labels[index]), the classes are \(first)...\(first + classes - 1)")
    }
    return first == 0 ? labels : labels.map { $0 - Int32(first) }
  }

  private static func contents(
    _ url: URL, magic: UInt32, itemSizes: [Int], width: Int = 1
  ) throws(DataError) -> [UInt8] {
    let file = try InputFile(url)
    let reader: any ByteReader = GzipReader.accepts(file) ? try GzipReader(file) : file
    let sizes = try header(reader, magic: magic, dimensions: itemSizes.count + 1)
    guard sizes[0] > 0 else { throw .malformed(url.path, "the header says 0 items") }
    guard Array(sizes.dropFirst()) == itemSizes else {
      throw .malformed(
        url.path, "the images are \(text(sizes.dropFirst())), expected \(text(itemSizes[...]))")
    }
    let item = itemSizes.reduce(width, *)
    guard let expected = LabeledImages.byteCount(of: sizes[0], item, 1, 1),
      expected <= reader.limit
    else {
      throw .malformed(
        url.path, "cut short: the header says \(sizes[0]) items, more than the file can hold")
    }
    let bytes = try reader.read(expected)
    guard bytes.count == expected else {
      throw .malformed(
        url.path,
        "cut short: the header says \(sizes[0]) items, the file holds \(bytes.count / item)")
    }
    guard try reader.read(1).isEmpty else {
      throw .malformed(url.path, "too long: bytes follow the \(sizes[0]) items of the header")
    }
    return bytes
  }

  private static func header(
    _ reader: any ByteReader, magic: UInt32, dimensions: Int
  ) throws(DataError) -> [Int] {
    let bytes = try reader.read(4 * (dimensions + 1))
    let words = stride(from: 0, to: bytes.count - 3, by: 4).map { start in
      bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    if let first = words.first, first != magic {
      throw .malformed(
        reader.path, "wrong magic number \(hexadecimal(first)), expected \(hexadecimal(magic))")
    }
    guard words.count == dimensions + 1 else {
      throw .malformed(reader.path, "cut short: \(bytes.count) bytes do not hold an IDX header")
    }
    return words.dropFirst().map { Int($0) }
  }

  private static func text(_ sizes: ArraySlice<Int>) -> String {
    sizes.map { String($0) }.joined(separator: "x")
  }

  private static func hexadecimal(_ word: UInt32) -> String {
    let digits = String(word, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
  }
}
