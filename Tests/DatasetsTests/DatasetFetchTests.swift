import Foundation
import Testing

@testable import Datasets

@Suite struct DatasetFetchTests {
  private let folder: TemporaryFolder
  private var target: URL { folder.url.appending(path: "target") }

  init() throws {
    folder = try TemporaryFolder()
  }

  /// CIFAR-10 with 2 images a file, as an archive in a place of its own.
  private func source(
    named: String = "cifar-10-batches-bin", extra: (inout TarWriter) -> Void = { _ in }
  ) throws -> DatasetSource {
    var tar = TarWriter()
    let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
    for (index, name) in names.enumerated() {
      let records = (0..<2).flatMap { [UInt8($0)] + noise(3072, seed: index + $0) }
      tar.add(.file, "\(named)/\(name)", records)
    }
    extra(&tar)
    let bytes = try folder.gzip(tar.finished)
    let file = try folder.write("place/cifar10/c.tar.gz", bytes)
    return DatasetSource(
      files: [RemoteFile(name: "c.tar.gz", size: bytes.count, sha256: try SHA256.sum(of: file))],
      folders: [file.deletingLastPathComponent().absoluteString],
      archive: Archive.Content(folder: "cifar-10-batches-bin", entries: 20, bytes: 100_000))
  }

  private var contents: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: target.path)) ?? []).sorted()
  }

  @Test func anArchiveBecomesADataSet() throws {
    let fetch = DatasetFetch(.cifar10, into: target, source: try source())
    try folder.write("target/.unpacking/left", [1])
    let check = try fetch.run()
    #expect(check.ok && !check.isComplete)
    #expect(check.shortage?.why == "10 training images, cifar10 has 50000")
    #expect(check.trainHistogram.prefix(3) == [5, 5, 0])
    #expect(contents == [".fetch.lock", "cifar-10-batches-bin"])
    // Nothing is left to do, wherever the source is.
    try FileManager.default.removeItem(at: folder.url.appending(path: "place"))
    #expect(try fetch.run().ok)
  }

  @Test func aMirrorReplacesTheSource() throws {
    var elsewhere = try source()
    elsewhere = DatasetSource(
      files: elsewhere.files, folders: ["file:///nowhere/"], archive: elsewhere.archive)
    let mirror = folder.url.appending(path: "place").path
    for mirror in [mirror, "file://" + mirror, "file://\(mirror)/"] {
      #expect(
        try DatasetFetch(.cifar10, into: target, source: elsewhere, mirror: mirror).run().ok)
      try FileManager.default.removeItem(at: target)
    }
  }

  @Test func aHostileArchiveLeavesNothing() throws {
    let hostile = try source { $0.add(.symbolicLink, "cifar-10-batches-bin/x", link: "/etc") }
    expectError(.malformed, "c.tar.gz: refused at its entry \"cifar-10-batches-bin/x\": a link") {
      try DatasetFetch(.cifar10, into: target, source: hostile).run()
    }
    #expect(contents == [".fetch.lock", "c.tar.gz"])
    try FileManager.default.removeItem(at: target)
    let other = try source(named: "elsewhere")
    expectError(.malformed, "holds no folder cifar-10-batches-bin") {
      try DatasetFetch(.cifar10, into: target, source: other).run()
    }
    #expect(contents == [".fetch.lock", "c.tar.gz"])
  }

  @Test func twoFetchesDoNotMix() throws {
    let fetch = DatasetFetch(.cifar10, into: target, source: try source())
    _ = try fetch.run()
    let lock = open(target.path + "/.fetch.lock", O_RDWR)
    defer { close(lock) }
    try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
    expectError(.unwritable, "another process is fetching into it") { try fetch.run() }
  }

  @Test func whatCannotBeFetchedIsSaid() throws {
    expectError(.usage, "imagenet: cannot be downloaded; choose one of fashion-mnist, mnist, ") {
      try DatasetFetch(.imagenet(size: 224), into: target)
    }
    try folder.write("file", [])
    expectError(.unwritable, "file/x: cannot be written") {
      try DatasetFetch(.mnist, into: folder.url.appending(path: "file/x")).run()
    }
  }

  @Test func everySourceIsWellFormed() throws {
    let sources = DatasetName.onDisk.compactMap { DatasetSource($0) }
    #expect(sources.count == 6)
    for source in sources {
      #expect(source.folders.allSatisfy { $0.hasPrefix("http") && $0.hasSuffix("/") })
      for file in source.files {
        #expect(file.sha256.count == 64 && file.sha256.allSatisfy(\.isHexDigit))
        #expect(file.sha256 == file.sha256.lowercased() && file.size > 0)
      }
    }
    #expect(Set(sources.flatMap { $0.files.map(\.sha256) }).count == 17)
  }
}
