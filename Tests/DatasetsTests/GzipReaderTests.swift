import Foundation
import Testing

@testable import Datasets

@Suite struct GzipReaderTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func labels(_ bytes: [UInt8]) throws -> [Int32] {
    try IDX.labels(folder.write("labels.gz", bytes), classes: 10)
  }

  private func packed(_ count: Int = 1000) throws -> [UInt8] {
    try folder.gzip(idx(0x801, [UInt32(count)], noise(count).map { $0 % 10 }))
  }

  @Test func everyTruncationIsFound() throws {
    let whole = try packed(100)
    for length in 2..<whole.count {
      expectError(.malformed, "cut short: the gzip data ends too early") {
        try labels(Array(whole.prefix(length)))
      }
    }
  }

  @Test func corruptionIsFound() throws {
    var wrongSum = try packed()
    wrongSum[wrongSum.count - 8] ^= 1
    expectError(.malformed, "corrupt gzip data (incorrect data check)") { try labels(wrongSum) }

    var wrongLength = try packed()
    wrongLength[wrongLength.count - 1] ^= 1
    expectError(.malformed, "corrupt gzip data (incorrect length check)") {
      try labels(wrongLength)
    }

    var wrongMethod = try packed()
    wrongMethod[2] = 7
    expectError(.malformed, "corrupt gzip data (unknown compression method)") {
      try labels(wrongMethod)
    }
  }

  /// Whatever byte is changed, there is an error or the same labels (a time stamp, say).
  @Test func noChangedByteGoesUnnoticed() throws {
    let whole = try packed(60)
    let expected = try labels(whole)
    for index in whole.indices {
      var changed = whole
      changed[index] ^= 0x55
      do {
        #expect(try labels(changed) == expected, "byte \(index)")
      } catch let error as DataError {
        #expect(error.category == .malformed, "byte \(index)")
      }
    }
  }

  @Test func trailingBytesAreFound() throws {
    let zeros = [UInt8](repeating: 0, count: 70_000)
    for trailer in [[1, 2, 3], [0x1F, 0x8C], [0, 0, 7], zeros + [1]] {
      let bytes = try packed() + trailer
      expectError(.malformed, "other bytes follow the end of the gzip data") { try labels(bytes) }
    }
  }

  /// As gzip and Python read them.
  @Test(arguments: [1, 7, 512, 70_000, 200_000])
  func zerosBehindAMemberAreSkipped(count: Int) throws {
    let plain = idx(0x801, [3], [7, 8, 9])
    let zeros = [UInt8](repeating: 0, count: count)
    #expect(try labels(folder.gzip(plain) + zeros) == [7, 8, 9])
    let members = try folder.gzip(Array(plain[..<5])) + zeros + folder.gzip(Array(plain[5...]))
    #expect(try labels(members + zeros) == [7, 8, 9])
    expectError(.malformed, "cut short: the gzip data ends too early") {
      try labels(Array(members.dropLast(9)))
    }
  }

  @Test func membersAreJoined() throws {
    let plain = idx(0x801, [3], [7, 8, 9])
    let bytes =
      try folder.gzip(Array(plain[..<5])) + folder.gzip([]) + folder.gzip(Array(plain[5...]))
    #expect(try labels(bytes) == [7, 8, 9])
    let extraMember = try bytes + folder.gzip([1])
    expectError(.malformed, "too long") { try labels(extraMember) }
  }

  /// The damage behind the size of the header is not reached.
  @Test func isNotInflatedPastTheSizeOfTheHeader() throws {
    let bomb = try folder.gzip(idx(0x801, [5], [UInt8](repeating: 0, count: 1 << 25)))
    #expect(bomb.count < 1 << 16)
    expectError(.malformed, "too long") { try labels(Array(bomb.dropLast(bomb.count / 2))) }
  }

  @Test func rawBytesUnderTheNameOfGzipAreRead() throws {
    #expect(try labels(idx(0x801, [2], [4, 5])) == [4, 5])
  }
}
