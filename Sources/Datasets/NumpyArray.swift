/// An array of a .npy file: bytes or whole numbers, in C's order.
struct NumpyArray {
  /// The type of the elements.
  struct ElementType: Equatable {
    /// `u` and `i` for whole numbers; others are floats, texts, objects.
    let kind: UInt8
    /// Bytes of an element.
    let width: Int
    let isBigEndian: Bool

    static let byte = ElementType(kind: UInt8(ascii: "u"), width: 1, isBigEndian: false)

    var isInteger: Bool {
      [UInt8(ascii: "u"), UInt8(ascii: "i")].contains(kind) && [1, 2, 4, 8].contains(width)
    }
  }

  private static let mark: [UInt8] = [0x93] + Array("NUMPY".utf8)
  private static let longestHeader = 1 << 16
  private static let mostDimensions = 8
  /// Deflate never makes more than 1032 bytes of one.
  private static let largestRatio = 1032

  let name: String
  let type: ElementType
  let shape: [Int]
  /// The elements, the last dimension running first.
  let bytes: [UInt8]

  /// Reads an array from a file of `fileSize` bytes; throws `malformed` for elements that are no
  /// numbers and for one that is larger than the file can hold.
  init(_ reader: any ByteReader, name: String, fileSize: Int) throws(DataError) {
    self.name = name
    let start = try reader.read(8)
    guard start.starts(with: Self.mark), start.count == 8, (1...3).contains(start[6]) else {
      throw .malformed(reader.path, "\(name) is no array of numpy's")
    }
    let lengthBytes = try reader.read(start[6] == 1 ? 2 : 4)
    let length = lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.longestHeader else {
      throw .malformed(reader.path, "\(name) has a header of \(length) bytes")
    }
    let text = try reader.read(length)
    guard text.count == length, let header = NumpyHeader(text) else {
      throw .malformed(reader.path, "\(name) has a broken header, or elements that are no numbers")
    }
    type = header.type
    shape = header.shape
    guard shape.count <= Self.mostDimensions, let count = Self.elements(shape),
      case let (size, overflow) = count.multipliedReportingOverflow(by: type.width), !overflow,
      LabeledImages.byteCount(of: 1, size, 1, 1) != nil, size / Self.largestRatio <= fileSize
    else {
      throw .malformed(reader.path, "\(name) says \(shape), more than the file can hold")
    }
    let stored = try reader.read(size)
    // The sum of an archive's file is checked where its end is met.
    guard stored.count == size, try reader.read(1).isEmpty else {
      throw .malformed(reader.path, "\(name) says \(shape), which its bytes are not")
    }
    bytes =
      header.isFortran && shape.count > 1
      ? Self.reordered(stored, shape: shape, width: type.width) : stored
  }

  private static func elements(_ shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// From Fortran's order, the first dimension running first.
  private static func reordered(_ bytes: [UInt8], shape: [Int], width: Int) -> [UInt8] {
    var strides = [width]
    for size in shape.dropLast() { strides.append((strides.last ?? width) * size) }
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { result, filled in
      var index = [Int](repeating: 0, count: shape.count)
      var source = 0
      for target in stride(from: 0, to: bytes.count, by: width) {
        for byte in 0..<width { result[target + byte] = bytes[source + byte] }
        for dimension in shape.indices.reversed() {
          index[dimension] += 1
          source += strides[dimension]
          if index[dimension] < shape[dimension] { break }
          source -= strides[dimension] * shape[dimension]
          index[dimension] = 0
        }
      }
      filled = bytes.count
    }
  }

  /// The elements as numbers, of a type that is an integer's; those above 2^63 are below 0.
  var integers: [Int64] {
    let isSigned = type.kind == UInt8(ascii: "i")
    return stride(from: 0, to: bytes.count, by: type.width).map { start in
      let field = bytes[start..<start + type.width]
      let bits =
        type.isBigEndian
        ? field.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        : field.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let number = Int64(bitPattern: bits)
      let unused = 64 - 8 * type.width
      return isSigned ? (number << unused) >> unused : number
    }
  }

  /// Shape and type as messages have them.
  var description: String {
    let words: [UInt8: String] = [
      UInt8(ascii: "u"): "uint", UInt8(ascii: "i"): "int", UInt8(ascii: "f"): "float",
    ]
    let element = words[type.kind].map { "\($0)\(8 * type.width)" } ?? "another type"
    return "\(shape) of \(element)"
  }
}
