/// A message in protobuf's wire format, written field by field.
///
/// Long fields stay pieces of their own, so that no tensor is copied.
package struct ProtobufMessage: Sendable {
  /// The bytes of the message, one piece after the other.
  package private(set) var pieces: [[UInt8]] = []
  /// Bytes in all.
  package private(set) var count = 0

  package init() {}

  private enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
  }

  /// Pieces below this many bytes are joined.
  private static let joinedSize = 4096

  /// Adds an integer or the number of an enum's case.
  package mutating func add(_ field: Int, _ value: Int) {
    addKey(field, .varint)
    append(Self.varint(UInt64(bitPattern: Int64(value))))
  }

  /// Adds a 32-bit float.
  package mutating func add(_ field: Int, _ value: Float) {
    addKey(field, .fixed32)
    append((0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) })
  }

  /// Adds a 64-bit float.
  package mutating func add(_ field: Int, _ value: Double) {
    addKey(field, .fixed64)
    append(Self.littleEndian(value))
  }

  /// Adds 64-bit floats as one packed field, as proto3 has repeated numbers.
  package mutating func add(_ field: Int, _ values: [Double]) {
    add(field, values.flatMap(Self.littleEndian))
  }

  /// Adds a text.
  package mutating func add(_ field: Int, _ text: String) { add(field, Array(text.utf8)) }

  /// Adds bytes.
  package mutating func add(_ field: Int, _ bytes: [UInt8]) {
    addKey(field, .lengthDelimited)
    append(Self.varint(UInt64(bytes.count)))
    append(bytes)
  }

  /// Adds a message.
  package mutating func add(_ field: Int, _ message: ProtobufMessage) {
    addKey(field, .lengthDelimited)
    append(Self.varint(UInt64(message.count)))
    for piece in message.pieces { append(piece) }
  }

  private static func littleEndian(_ value: Double) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
  }

  private mutating func addKey(_ field: Int, _ type: WireType) {
    append(Self.varint(UInt64(field) << 3 | type.rawValue))
  }

  private mutating func append(_ bytes: [UInt8]) {
    count += bytes.count
    if let last = pieces.indices.last, bytes.count < Self.joinedSize,
      pieces[last].count < Self.joinedSize
    {
      pieces[last] += bytes
    } else {
      pieces.append(bytes)
    }
  }

  /// Seven bits a byte, the lowest first; the high bit says that more follow.
  private static func varint(_ value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
