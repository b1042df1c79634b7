/// The fields of an encoded message, read without knowing what wrote it.
struct ProtobufReader {
  enum Field: Equatable {
    case varint(Int)
    case fixed32(Float)
    case bytes([UInt8])
  }

  struct Malformed: Error {}

  private(set) var fields: [(number: Int, field: Field)] = []

  init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let key = try Self.varint(&rest)
      let field: Field
      switch key & 7 {
      case 0: field = .varint(Int(bitPattern: UInt(try Self.varint(&rest))))
      case 2:
        let count = Int(try Self.varint(&rest))
        guard count <= rest.count else { throw Malformed() }
        field = .bytes(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      case 5:
        guard rest.count >= 4 else { throw Malformed() }
        field = .fixed32(
          Float(bitPattern: rest.prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }))
        rest = rest.dropFirst(4)
      default: throw Malformed()
      }
      fields.append((Int(key >> 3), field))
    }
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

  func integers(_ number: Int) -> [Int] {
    values(number) { if case .varint(let value) = $0 { value } else { nil } }
  }

  func floats(_ number: Int) -> [Float] {
    values(number) { if case .fixed32(let value) = $0 { value } else { nil } }
  }

  func bytes(_ number: Int) -> [[UInt8]] {
    values(number) { if case .bytes(let value) = $0 { value } else { nil } }
  }

  private func values<Value>(_ number: Int, _ value: (Field) -> Value?) -> [Value] {
    fields.filter { $0.number == number }.compactMap { value($0.field) }
  }

  func texts(_ number: Int) -> [String] {
    bytes(number).map { String(decoding: $0, as: UTF8.self) }
  }

  func messages(_ number: Int) throws -> [ProtobufReader] {
    try bytes(number).map(ProtobufReader.init)
  }
}
