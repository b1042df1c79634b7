/// The fields of an encoded message, read without knowing what wrote it.
package struct ProtobufReader {
  package enum Field: Equatable {
    case varint(Int)
    case fixed32(Float)
    case fixed64(Double)
    case bytes([UInt8])
  }

  package struct Malformed: Error {}

  package private(set) var fields: [(number: Int, field: Field)] = []

  package init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let key = try Self.varint(&rest)
      let field: Field
      switch key & 7 {
      case 0: field = .varint(Int(bitPattern: UInt(try Self.varint(&rest))))
      case 1:
        field = .fixed64(Double(bitPattern: try Self.fixed(8, &rest)))
      case 2:
        let count = Int(try Self.varint(&rest))
        guard count <= rest.count else { throw Malformed() }
        field = .bytes(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      case 5:
        field = .fixed32(Float(bitPattern: UInt32(try Self.fixed(4, &rest))))
      default: throw Malformed()
      }
      fields.append((Int(key >> 3), field))
    }
  }

  /// A little-endian number of so many bytes.
  private static func fixed(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
    guard rest.count >= count else { throw Malformed() }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = rest.popFirst() else { throw Malformed() }
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw Malformed()
  }

  package func integers(_ number: Int) -> [Int] {
    values(number) { if case .varint(let value) = $0 { value } else { nil } }
  }

  package func floats(_ number: Int) -> [Float] {
    values(number) { if case .fixed32(let value) = $0 { value } else { nil } }
  }

  package func doubles(_ number: Int) -> [Double] {
    values(number) { if case .fixed64(let value) = $0 { value } else { nil } }
  }

  /// The numbers of a packed field of 64-bit floats.
  package func packedDoubles(_ number: Int) throws -> [Double] {
    try bytes(number).flatMap { bytes in
      var rest = bytes[...]
      var values: [Double] = []
      while !rest.isEmpty { values.append(Double(bitPattern: try Self.fixed(8, &rest))) }
      return values
    }
  }

  package func bytes(_ number: Int) -> [[UInt8]] {
    values(number) { if case .bytes(let value) = $0 { value } else { nil } }
  }

  private func values<Value>(_ number: Int, _ value: (Field) -> Value?) -> [Value] {
    fields.filter { $0.number == number }.compactMap { value($0.field) }
  }

  package func texts(_ number: Int) -> [String] {
    bytes(number).map { String(decoding: $0, as: UTF8.self) }
  }

  package func messages(_ number: Int) throws -> [ProtobufReader] {
    try bytes(number).map(ProtobufReader.init)
  }
}
