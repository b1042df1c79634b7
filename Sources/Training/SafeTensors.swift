import Files

/// Named tensors and texts in the safetensors format, which Python opens as it is.
///
/// A file is the header's length in 8 bytes, the header as JSON, and the tensors' bytes, all
/// little-endian.
package struct SafeTensors: Hashable, Sendable {
  /// The texts under `__metadata__`.
  package var metadata: [String: String]
  /// The tensors by name.
  package var tensors: [String: Tensor]

  package init(metadata: [String: String] = [:], tensors: [String: Tensor] = [:]) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// The type of a tensor's elements.
  package enum ElementType: String, Hashable, Sendable, CaseIterable {
    case f64 = "F64"
    case f32 = "F32"
    case f16 = "F16"
    case bf16 = "BF16"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u64 = "U64"
    case u32 = "U32"
    case u16 = "U16"
    case u8 = "U8"
    case bool = "BOOL"

    /// The size of an element in bytes.
    package var size: Int {
      switch self {
      case .f64, .i64, .u64: 8
      case .f32, .i32, .u32: 4
      case .f16, .bf16, .i16, .u16: 2
      case .i8, .u8, .bool: 1
      }
    }
  }

  /// An array of numbers with a shape.
  package struct Tensor: Hashable, Sendable {
    /// The type of the elements.
    package let type: ElementType
    /// The extents, the outermost first; empty for a scalar.
    package let shape: [Int]
    /// The elements, little-endian, the last dimension contiguous.
    package let bytes: [UInt8]

    /// A tensor from its bytes, whose number must fit the shape.
    package init(type: ElementType, shape: [Int], bytes: [UInt8]) {
      precondition(
        bytes.count == shape.reduce(type.size, *),
        "\(type.rawValue) \(shape) does not have \(bytes.count) bytes")
      self.type = type
      self.shape = shape
      self.bytes = bytes
    }

    /// A tensor of 32-bit floats.
    package init(_ values: [Float], shape: [Int]) {
      self.init(type: .f32, shape: shape, bytes: littleEndianBytes(values))
    }

    /// A tensor of 32-bit integers.
    package init(_ values: [Int32], shape: [Int]) {
      self.init(type: .i32, shape: shape, bytes: littleEndianBytes(values))
    }

    /// The elements of an F32 tensor; nil for another type.
    package var floats: [Float]? { type == .f32 ? elements(Float.self) : nil }

    /// The elements of an I32 tensor; nil for another type.
    package var int32s: [Int32]? { type == .i32 ? elements(Int32.self) : nil }

    /// The bytes as elements of a type of the tensor's size.
    func elements<Element: BitwiseCopyable & Numeric>(_ type: Element.Type) -> [Element] {
      var result = [Element](repeating: .zero, count: bytes.count / MemoryLayout<Element>.size)
      result.withUnsafeMutableBytes { $0.copyBytes(from: bytes) }
      return result
    }
  }

  /// Writes the file whole or not at all; the same content gives the same bytes.
  ///
  /// Throws with status 73.
  package func write(
    to path: String, files: any FileOperations = SystemFiles()
  ) throws(TrainingError) {
    try AtomicFile.write(encoded(), to: path, files: files)
  }

  /// The file's bytes in pieces, so that large tensors are not copied.
  package func encoded() -> [[UInt8]] {
    // Wide elements first keeps every tensor aligned to its element size, as Python's writer does.
    let order = tensors.sorted { a, b in
      a.value.type.size != b.value.type.size
        ? a.value.type.size > b.value.type.size : isOrdered(a.key, b.key)
    }
    var start = 0
    var entries: [(name: String, text: String)] = []
    for (name, tensor) in order {
      precondition(name != "__metadata__", "the name of a tensor")
      let end = start + tensor.bytes.count
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        (
          name,
          quoted(name) + #":{"data_offsets":[\#(start),\#(end)],"#
            + #""dtype":"\#(tensor.type.rawValue)","shape":[\#(shape)]}"#
        ))
      start = end
    }
    var members = entries.sorted { isOrdered($0.name, $1.name) }.map(\.text)
    if !metadata.isEmpty {
      let texts = metadata.sorted { isOrdered($0.key, $1.key) }
        .map { quoted($0.key) + ":" + quoted($0.value) }
      members.insert(quoted("__metadata__") + ":{" + texts.joined(separator: ",") + "}", at: 0)
    }
    var header = Array(("{" + members.joined(separator: ",") + "}").utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    return [littleEndianBytes([UInt64(header.count)]) + header] + order.map(\.value.bytes)
  }
}

/// Both supported architectures are little-endian, so memory already has the file's order.
private func littleEndianBytes<Element: BitwiseCopyable>(_ values: [Element]) -> [UInt8] {
  values.withUnsafeBytes { Array($0) }
}

/// Compares bytes: Swift's own order of strings may change with the version of Unicode.
private func isOrdered(_ a: String, _ b: String) -> Bool {
  a.utf8.lexicographicallyPrecedes(b.utf8)
}

private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\u{0}"..."\u{1F}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
