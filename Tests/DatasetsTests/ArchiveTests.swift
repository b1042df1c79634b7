import Foundation
import Testing

@testable import Datasets

@Suite struct ArchiveTests {
  private let folder: TemporaryFolder
  private let target: URL

  init() throws {
    folder = try TemporaryFolder()
    target = try folder.makeFolder("target")
  }

  private func unpack(
    _ bytes: [UInt8], entries: Int = 100, limit: Int = 1 << 20
  ) throws {
    let archive = try folder.write("a.tar.gz", bytes)
    try Archive.unpack(
      archive, into: target, limits: Archive.Content(folder: "", entries: entries, bytes: limit))
  }

  /// Everything below the folder of the test but the archive, by path.
  private var found: [String] {
    let all = FileManager.default.enumerator(atPath: folder.url.path)?.compactMap { $0 as? String }
    return (all ?? []).filter { $0 != "a.tar.gz" && $0 != "target" }.sorted()
  }

  @Test func filesAndFoldersAreMade() throws {
    var tar = TarWriter()
    tar.add(.folder, "./")
    tar.add(.folder, "./a/")
    tar.add(.file, "./a/one.bin", noise(70_000))
    tar.add(.file, "b/c//two.bin", [7])
    tar.add(.file, "empty", [])
    try unpack(folder.gzip(tar.finished))
    #expect(
      found == [
        "target/a", "target/a/one.bin", "target/b", "target/b/c", "target/b/c/two.bin",
        "target/empty",
      ])
    #expect(
      try Data(contentsOf: target.appending(path: "a/one.bin")) == Data(noise(70_000)))
  }

  @Test(
    arguments: [
      (.file, "../out", "", "it leaves the folder"),
      (.file, "a/../../out", "", "it leaves the folder"),
      (.folder, "..", "", "it leaves the folder"),
      (.file, "/tmp/widecl-absolute", "", "an absolute path"),
      (.symbolicLink, "link", "../..", "a link"),
      (.symbolicLink, "link", "one.bin", "a link"),
      (.hardLink, "link", "/etc/passwd", "a link"),
      (.hardLink, "link", "one.bin", "a link"),
      (.device, "null", "", "neither a file nor a folder"),
      (.pipe, "pipe", "", "neither a file nor a folder"),
      (.file, "one.bin", "", "it is there twice"),
      (.file, "one.bin/inside", "", "a file lies in its place"),
      (.folder, "one.bin", "", "a file lies in its place"),
    ] as [(TarWriter.Kind, String, String, String)])
  func hostileEntriesAreRefusedByName(
    kind: TarWriter.Kind, name: String, link: String, reason: String
  ) throws {
    var tar = TarWriter()
    tar.add(.file, "one.bin", [1])
    tar.add(kind, name, kind == .file ? [6, 6, 6] : [], link: link)
    tar.add(.file, "link/through", [6])
    let bytes = try folder.gzip(tar.finished)
    expectError(.malformed, "a.tar.gz: refused at its entry \"\(name)", "\": \(reason);") {
      try unpack(bytes)
    }
    #expect(found == ["target/one.bin"])
    #expect(try Data(contentsOf: target.appending(path: "one.bin")) == Data([1]))
    #expect(!FileManager.default.fileExists(atPath: "/tmp/widecl-absolute"))
  }

  @Test func numberAndSizeAreBounded() throws {
    var tar = TarWriter()
    for name in ["a", "b", "c"] { tar.add(.file, name, [UInt8](repeating: 0, count: 1000)) }
    let bytes = try folder.gzip(tar.finished)
    expectError(.malformed, "entry \"c\": more than 2 files") { try unpack(bytes, entries: 2) }
    try FileManager.default.removeItem(at: target)
    try folder.makeFolder("target")
    expectError(.malformed, "entry \"b\": more than 1999 bytes in all") {
      try unpack(bytes, limit: 1999)
    }
  }

  @Test func brokenArchivesAreRefused() throws {
    var tar = TarWriter()
    tar.add(.file, "a", noise(5000))
    let whole = try folder.gzip(tar.finished)
    for length in [0, 1, 10, whole.count / 4, whole.count / 2] {
      expectError(.malformed, "a.tar.gz: ") { try unpack(Array(whole.prefix(length))) }
      try FileManager.default.removeItem(at: target)
      try folder.makeFolder("target")
    }
    expectError(.malformed, "a broken archive (") { try unpack(noise(4000)) }
    expectError(.missing, "none.tar.gz: no such file") {
      try Archive.unpack(
        folder.url.appending(path: "none.tar.gz"), into: target,
        limits: Archive.Content(folder: "", entries: 1, bytes: 1))
    }
  }

  @Test func namesCannotReachTheTerminal() throws {
    var tar = TarWriter()
    tar.add(.symbolicLink, "a\u{1B}[2J\nb", link: "x")
    let bytes = try folder.gzip(tar.finished)
    expectError(.malformed, "\"a\\u{1b}[2J\\u{a}b\"") { try unpack(bytes) }
  }
}
