import Foundation
import TestSupport
import Testing

/// A folder's event files as TensorBoard reads them: in the order of their names, and a session's
/// start takes away what came before of its step and of later ones.
struct EventReader {
  struct Entry {
    var step: Int
    var tag: String
    var value: ProtobufReader
  }

  private(set) var entries: [Entry] = []
  /// Records of each file.
  private(set) var records: [Int] = []

  init(folder: TemporaryFolder) throws {
    for name in try folder.names where name.contains("tfevents") {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder.file(name))))
      let records = try EventReader.records(in: bytes)
      self.records.append(records.count)
      for (index, record) in records.enumerated() {
        let event = try ProtobufReader(record)
        let step = event.integers(2).first ?? 0
        #expect(event.doubles(1).first ?? 0 > 1e9, "seconds since 1970")
        if index == 0 { #expect(event.texts(3) == ["brain.Event:2"]) }
        if try event.messages(7).first?.integers(1) == [1] {
          entries.removeAll { $0.step >= step }
        }
        for value in try event.messages(5).flatMap({ try $0.messages(1) }) {
          entries.append(Entry(step: step, tag: try #require(value.texts(1).first), value: value))
        }
      }
    }
  }

  /// The records in the frames of a file, each check compared.
  static func records(in bytes: [UInt8]) throws -> [[UInt8]] {
    var rest = bytes[...]
    var records: [[UInt8]] = []
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
      bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    func take(_ count: Int) throws -> ArraySlice<UInt8> {
      try #require(rest.count >= count, "cut short")
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    while !rest.isEmpty {
      let length = try take(8)
      #expect(number(try take(4)) == UInt64(maskedCheck(length)))
      let record = try take(Int(number(length)))
      #expect(number(try take(4)) == UInt64(maskedCheck(record)))
      records.append(Array(record))
    }
    return records
  }

  /// CRC-32C bit by bit, with its highest power first, and TensorFlow's mask.
  private static func maskedCheck(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var remainder: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      for bit in 0..<8 {
        let isOne = (byte >> bit & 1 == 1) != (remainder >> 31 == 1)
        remainder = remainder << 1 ^ (isOne ? 0x1EDC_6F41 : 0)
      }
    }
    let reflected = (0..<32).reduce(UInt32(0)) { $0 | (remainder >> $1 & 1) << (31 - $1) }
    let check = ~reflected
    return (check >> 15 | check << 17) &+ 0xA282_EAD8
  }

  /// The scalars of a tag, in the order of the files.
  func scalars(_ tag: String) -> [(step: Int, value: Float)] {
    entries.filter { $0.tag == tag }.map { ($0.step, $0.value.floats(2).first ?? .nan) }
  }

  func steps(_ tag: String) -> [Int] { scalars(tag).map(\.step) }

  func values(_ tag: String) -> [Float] { scalars(tag).map(\.value) }
}
