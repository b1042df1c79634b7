import Foundation
import Testing

@testable import Datasets

@Suite struct DownloadTests {
  private let folder: TemporaryFolder
  private let target: URL
  private let content = noise(50_000)
  private let file: RemoteFile

  init() throws {
    folder = try TemporaryFolder()
    target = try folder.makeFolder("target")
    let whole = try folder.write("whole", content)
    file = RemoteFile(name: "f.bin", size: content.count, sha256: try SHA256.sum(of: whole))
  }

  /// A place that has the file with these bytes.
  private func place(_ name: String, _ bytes: [UInt8]) throws -> String {
    try folder.write("\(name)/f.bin", bytes)
    return folder.url.appending(path: name).absoluteString + "/"
  }

  private func download(_ sources: String...) throws {
    try Download(file: file, sources: sources, folder: target).run { _ in }
  }

  private func result(_ name: String) -> Data? {
    try? Data(contentsOf: target.appending(path: name))
  }

  /// The sums are those that RFC 6234's authors and `sha256sum` give.
  @Test func sumsAreThoseOfOthers() throws {
    let abc = try folder.write("abc", Array("abc".utf8))
    #expect(
      try SHA256.sum(of: abc) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    let empty = try folder.write("empty", [])
    #expect(
      try SHA256.sum(of: empty)
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }

  @Test func theFileIsPublishedWhole() throws {
    try download(place("here", content))
    #expect(result("f.bin") == Data(content))
    #expect(result("f.bin.part") == nil)
    // A second time nothing is asked for.
    try download("file:///nowhere/")
  }

  /// The place's first half is wrong, so that only a continued download has the sum.
  @Test func whatCameBeforeIsContinued() throws {
    let half = content.count / 2
    try folder.write("target/f.bin.part", Array(content[..<half]))
    try download(place("here", [UInt8](repeating: 0, count: half) + content[half...]))
    #expect(result("f.bin") == Data(content))
  }

  @Test func aDamagedBeginningIsLoadedAnew() throws {
    try folder.write("target/f.bin.part", [9, 9, 9])
    try download(place("here", content))
    #expect(result("f.bin") == Data(content))
    try FileManager.default.removeItem(at: target.appending(path: "f.bin"))
    try folder.write("target/f.bin.part", content + [1])
    try download(place("here", content))
    #expect(result("f.bin") == Data(content))
  }

  @Test func aServerThatCannotContinueIsAskedForAll() throws {
    _ = try place("here", content)
    let server = try FileServer(folder.url.appending(path: "here"))
    defer { server.stop() }
    try folder.write("target/f.bin.part", Array(content[..<1000]))
    try download(server.url)
    #expect(result("f.bin") == Data(content))
    #expect(server.requests == ["f.bin", "f.bin"])
  }

  @Test func placesAreTriedInTurn() throws {
    let server = try FileServer(folder.url.appending(path: "nothing"))
    defer { server.stop() }
    try download(
      "file:///nowhere/", server.url, place("short", Array(content[1...])),
      place("other", content.map { ~$0 }), place("long", content + [1]), place("here", content))
    #expect(result("f.bin") == Data(content))
    #expect(server.requests == ["f.bin"])
  }

  @Test func noPlaceHasIt() throws {
    let server = try FileServer(folder.url.appending(path: "nothing"))
    defer { server.stop() }
    try folder.write("target/f.bin.part", Array(content[..<1000]))
    expectError(.missing, "f.bin: cannot be downloaded from http://127.0.0.1", "404", "nowhere/") {
      try download(server.url, "file:///nowhere/")
    }
    // What has come stays for another try.
    #expect(result("f.bin.part") == Data(content[..<1000]))
    #expect(result("f.bin") == nil)
  }

  @Test func anInterruptionPublishesNothingAndIsContinued() throws {
    let place = try place("here", content)
    let download = Download(file: file, sources: [place, place], folder: target)
    expectError(.missing, "f.bin: interrupted after ", " of 50000 bytes; fetch again") {
      try download.run(report: { _ in }, stop: { true })
    }
    #expect(result("f.bin") == nil)
    try download.run { _ in }
    #expect(result("f.bin") == Data(content))
  }

  @Test func otherBytesAreNeverPublished() throws {
    expectError(.malformed, "SHA-256 is ", "expected \(file.sha256)") {
      try download(place("other", content.map { ~$0 }))
    }
    #expect(result("f.bin") == nil)
    #expect(result("f.bin.part") == nil)
    try folder.write("target/f.bin", [1, 2, 3])
    expectError(.malformed, "target/f.bin: its SHA-256 is ", "remove it") {
      try download(place("here", content))
    }
    #expect(result("f.bin") == Data([1, 2, 3]))
  }

  @Test func otherKindsOfAddressesAreNotFollowed() throws {
    expectError(.missing, "not supported") { try download("ftp://127.0.0.1/") }
  }
}
