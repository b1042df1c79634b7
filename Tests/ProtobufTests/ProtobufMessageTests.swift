import Testing

@testable import Protobuf

/// The wire format, byte by byte; the first three are the examples of protobuf's own documentation.
@Suite struct ProtobufMessageTests {
  private func bytes(_ write: (inout ProtobufMessage) -> Void) -> [UInt8] {
    var message = ProtobufMessage()
    write(&message)
    #expect(message.pieces.joined().count == message.count)
    return Array(message.pieces.joined())
  }

  @Test func fieldsHaveTheDocumentedBytes() {
    #expect(bytes { $0.add(1, 150) } == [0x08, 0x96, 0x01])
    #expect(bytes { $0.add(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
    var inner = ProtobufMessage()
    inner.add(1, 150)
    #expect(bytes { $0.add(3, inner) } == [0x1A, 0x03, 0x08, 0x96, 0x01])
    #expect(bytes { $0.add(1, 0) } == [0x08, 0x00])
    #expect(bytes { $0.add(1, -2) } == [0x08, 0xFE] + [UInt8](repeating: 0xFF, count: 8) + [0x01])
    #expect(bytes { $0.add(2, Float(1)) } == [0x15, 0x00, 0x00, 0x80, 0x3F])
    #expect(bytes { $0.add(2, 1.5) } == [0x11, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F])
    #expect(
      bytes { $0.add(2, [1.5, -2.0]) }
        == [0x12, 0x10, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0])
    #expect(bytes { $0.add(20, 7) } == [0xA0, 0x01, 0x07])
    #expect(bytes { $0.add(1, "") } == [0x0A, 0x00])
  }

  @Test func longFieldsAreNotCopiedIntoShortOnes() {
    let long = [UInt8](repeating: 9, count: 100_000)
    var inner = ProtobufMessage()
    inner.add(1, 5)
    inner.add(9, long)
    inner.add(8, "after")
    var outer = ProtobufMessage()
    outer.add(7, inner)
    let isAlone = outer.pieces.contains(long)
    #expect(isAlone)
    let expected =
      [0x3A, 0xAD, 0x8D, 0x06, 0x08, 0x05, 0x4A, 0xA0, 0x8D, 0x06] + long + [0x42, 0x05]
      + Array("after".utf8)
    let isEqual = outer.pieces.joined().elementsEqual(expected)  // Too long to print.
    #expect(isEqual)
  }
}
