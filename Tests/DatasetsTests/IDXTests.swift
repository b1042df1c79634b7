import Foundation
import Testing

@testable import Datasets

@Suite struct IDXTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func images(_ bytes: [UInt8], height: Int = 2, width: Int = 3) throws -> [UInt8] {
    try IDX.images(folder.write("images", bytes), height: height, width: width)
  }

  private func labels(_ bytes: [UInt8]) throws -> [Int32] {
    try IDX.labels(folder.write("labels", bytes), classes: 10)
  }

  @Test(arguments: [(1, 1, 1), (3, 2, 3), (7, 5, 31), (2, 28, 28)])
  func imagesRoundTrip(count: Int, height: Int, width: Int) throws {
    let payload = noise(count * height * width)
    let plain = idx(0x803, [UInt32(count), UInt32(height), UInt32(width)], payload)
    #expect(try images(plain, height: height, width: width) == payload)
    #expect(try images(folder.gzip(plain), height: height, width: width) == payload)
  }

  @Test func labelsRoundTrip() throws {
    let plain = idx(0x801, [10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(try labels(plain) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    #expect(try labels(folder.gzip(plain)) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }

  @Test func moreThanOneChunkRoundTrips() throws {
    let payload = noise(2500 * 784)
    let plain = idx(0x803, [2500, 28, 28], payload)
    #expect(try images(plain, height: 28, width: 28) == payload)
    #expect(try images(folder.gzip(plain), height: 28, width: 28) == payload)
  }

  @Test func wrongMagic() throws {
    let labelsAsImages = idx(0x801, [1, 2, 3], noise(6))
    expectError(.malformed, "images: wrong magic number 0x00000801, expected 0x00000803") {
      try images(labelsAsImages)
    }
    expectError(.malformed, "wrong magic number 0x00000801") {
      try images(folder.gzip(labelsAsImages))
    }
    expectError(.malformed, "labels: wrong magic number 0x00000803, expected 0x00000801") {
      try labels(idx(0x803, [1], [1]))
    }
    expectError(.malformed, "wrong magic number 0x3c68746d") {
      try images([UInt8]("<html>not found</html>".utf8))
    }
  }

  @Test func everyTruncationIsFound() throws {
    let plain = idx(0x803, [3, 2, 3], noise(18))
    for length in 0..<plain.count {
      expectError(.malformed, "cut short") { try images(Array(plain.prefix(length))) }
    }
    expectError(.malformed, "cut short", "says 3 items, the file holds 1") {
      try images(folder.gzip(Array(plain.prefix(16 + 11))))
    }
  }

  @Test func extraBytesAreFound() throws {
    let long = idx(0x803, [3, 2, 3], noise(19))
    expectError(.malformed, "too long: bytes follow the 3 items") { try images(long) }
    expectError(.malformed, "too long: bytes follow the 3 items") { try images(folder.gzip(long)) }
    expectError(.malformed, "too long") { try labels(idx(0x801, [2], [1, 2, 3])) }
  }

  @Test func sizesOfTheHeaderAreChecked() {
    expectError(.malformed, "says 0 items") { try images(idx(0x803, [0, 2, 3], [])) }
    expectError(.malformed, "0x3, expected 2x3") { try images(idx(0x803, [1, 0, 3], [])) }
    expectError(.malformed, "3x2, expected 2x3") { try images(idx(0x803, [1, 3, 2], noise(6))) }
    expectError(.malformed, "4294967295x4294967295") {
      try images(idx(0x803, [.max, .max, .max], noise(6)))
    }
    expectError(.malformed, "4294967295 items, more than the file can hold") {
      try images(idx(0x803, [.max, 2, 3], noise(6)))
    }
    expectError(.malformed, "4294967295 items, more than the file can hold") {
      try images(folder.gzip(idx(0x803, [.max, 2, 3], noise(6))))
    }
  }

  @Test func moreThanTheFileCanHoldIsNotWaitedFor() {
    let lying = idx(0x803, [1_000_000, 2, 3], noise(6))
    expectError(.malformed, "1000000 items, more than the file can hold") { try images(lying) }
    expectError(.malformed, "1000000 items, more than the file can hold") {
      try images(folder.gzip(lying))
    }
  }

  @Test func labelOutOfRangeIsNamed() {
    expectError(.malformed, "/labels: label 2 is 10, the classes are 0...9") {
      try labels(idx(0x801, [4], [1, 9, 10, 255]))
    }
  }

  @Test func whatIsNoReadableFileIsMissing() throws {
    let missing = folder.url.appendingPathComponent("nothing")
    expectError(.missing, "/nothing: no such file") { try IDX.labels(missing, classes: 10) }

    let directory = try folder.makeFolder("directory")
    expectError(.missing, "a folder, not a file") { try IDX.labels(directory, classes: 10) }

    let loop = folder.url.appendingPathComponent("loop")
    #expect(symlink(loop.path, loop.path) == 0)
    expectError(.missing, "/loop: too many levels") { try IDX.labels(loop, classes: 10) }

    let pipe = folder.url.appendingPathComponent("pipe")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    expectError(.missing, "/pipe: not a regular file") { try IDX.labels(pipe, classes: 10) }

    expectError(.missing, "/new\\u{a}line: no such file") {
      try IDX.labels(folder.url.appendingPathComponent("new\nline"), classes: 10)
    }
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser can read every file"))
  func fileWithoutPermissionIsMissing() throws {
    let file = try folder.write("closed", idx(0x801, [1], [1]))
    #expect(chmod(file.path, 0) == 0)
    expectError(.missing, "/closed: permission denied") { try IDX.labels(file, classes: 10) }
  }
}
