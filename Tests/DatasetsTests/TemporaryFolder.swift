import CZlib
import Foundation
import Testing

@testable import Datasets

/// A folder for one test, removed with the object.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("widecl-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: url)
  }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> URL {
    let file = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file
  }

  @discardableResult
  func makeFolder(_ name: String) throws -> URL {
    let folder = url.appendingPathComponent(name, isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// `bytes` as zlib's own writer compresses them.
  func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let file = url.appendingPathComponent("\(UUID().uuidString).gz")
    let stream = try #require(gzopen(file.path, "wb"))
    #expect(gzwrite(stream, bytes, UInt32(bytes.count)) == Int32(bytes.count))
    #expect(gzclose(stream) == Z_OK)
    defer { try? FileManager.default.removeItem(at: file) }
    return [UInt8](try Data(contentsOf: file))
  }
}

/// An IDX file as the MNIST page describes it.
func idx(_ magic: UInt32, _ sizes: [UInt32], _ payload: [UInt8]) -> [UInt8] {
  var bytes: [UInt8] = []
  for word in [magic] + sizes {
    for shift in [24, 16, 8, 0] {
      bytes.append(UInt8(word >> UInt32(shift) & 255))
    }
  }
  return bytes + payload
}

/// Bytes that differ from each other at most places.
func noise(_ count: Int, seed: Int = 1) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ seed) &* 2_654_435_761 >> 13) }
}

/// Expects `body` to throw a DataError of `category` whose line contains `parts`.
func expectError<Result>(
  _ category: DataError.Category, _ parts: String..., from body: () throws -> Result,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let error = #expect(throws: DataError.self, sourceLocation: sourceLocation) { _ = try body() }
  guard let error else { return }
  #expect(error.category == category, sourceLocation: sourceLocation)
  for part in parts {
    #expect(
      error.description.contains(part), "\(error.description)", sourceLocation: sourceLocation)
  }
  #expect(!error.description.contains { $0.isNewline }, sourceLocation: sourceLocation)
}
