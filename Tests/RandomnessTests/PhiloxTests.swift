import Randomness
import Testing

@Suite struct PhiloxTests {
  /// From kat_vectors of Random123.
  @Test(arguments: [
    (
      SIMD4<UInt32>(0, 0, 0, 0), SIMD2<UInt32>(0, 0),
      SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
      SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
      SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func knownAnswers(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
    #expect(Philox(key: key)(counter) == expected)
  }

  @Test func seedIsTheKeyLowWordFirst() {
    #expect(Philox(seed: 0x299f_31d0_a409_3822).key == SIMD2(0xa409_3822, 0x299f_31d0))
  }

  @Test func streamGivesTheWordsOfOneCounterAfterAnother() {
    let philox = Philox(seed: 7)
    var stream = PhiloxStream(philox, stream: SIMD3(1, 2, 3))
    for block in 0..<3 {
      let words = philox(SIMD4(UInt32(block), 1, 2, 3))
      for index in 0..<4 {
        #expect(stream.next() == words[index])
      }
    }
  }

  /// Without rejection half of the numbers below three quarters of 2^32 were multiples of 3.
  @Test func boundedNumbersAreUnbiased() {
    let bound: UInt32 = 3 << 30
    var stream = PhiloxStream(Philox(seed: 1), stream: SIMD3(0, 0, 0))
    var remainders = [0, 0, 0]
    for _ in 0..<30_000 {
      remainders[Int(stream.next(below: bound) % 3)] += 1
    }
    // Five standard deviations of a binomial of 30000 and 1/3.
    #expect(remainders.allSatisfy { abs($0 - 10_000) < 410 }, "\(remainders)")
  }

  @Test func boundOfOneIsZero() {
    var stream = PhiloxStream(Philox(seed: 1), stream: SIMD3(0, 0, 0))
    #expect((0..<9).allSatisfy { _ in stream.next(below: 1) == 0 })
  }
}
