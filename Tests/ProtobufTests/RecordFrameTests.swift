import Protobuf
import Testing

@Suite struct RecordFrameTests {
  /// The examples of RFC 3720, B.4, and the usual check value.
  @Test func theChecksumIsCastagnolis() {
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum(0..<32) == 0x46DD_794E)
    #expect(CRC32C.checksum((0..<32).reversed()) == 0x113F_DB5C)
    #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
    #expect(CRC32C.checksum([]) == 0)
  }

  /// A record of one letter as Python's `tensorboard` writes it.
  @Test func theFrameHasTheDocumentedBytes() {
    let frame = RecordFrame.framed(Array("a".utf8))
    #expect(frame.count == 8 + 4 + 1 + 4)
    #expect(frame.prefix(8) == [1, 0, 0, 0, 0, 0, 0, 0] && frame[12] == 0x61)
    for (bytes, check) in [(frame[..<8], frame[8..<12]), (frame[12..<13], frame[13...])] {
      let masked = check.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let turned = masked &- 0xA282_EAD8
      #expect(turned >> 17 | turned << 15 == CRC32C.checksum(bytes))
    }
  }
}
