/// The frames that TensorFlow's record files put around each record.
package enum RecordFrame {
  /// A record with its length before it and a check behind each, all little-endian.
  package static func framed(_ record: [UInt8]) -> [UInt8] {
    let length = (0..<8).map { UInt8(truncatingIfNeeded: UInt64(record.count) >> (8 * $0)) }
    return length + check(length) + record + check(record)
  }

  /// The check is masked: a check of bytes that hold their own check would say little.
  private static func check(_ bytes: [UInt8]) -> [UInt8] {
    let checksum = CRC32C.checksum(bytes)
    let masked = (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    return (0..<4).map { UInt8(truncatingIfNeeded: masked >> (8 * $0)) }
  }
}
