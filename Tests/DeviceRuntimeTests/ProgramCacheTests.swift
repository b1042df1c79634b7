import Foundation
import TestSupport
import Testing

@testable import DeviceRuntime

@Suite struct ProgramCacheTests {
  private let folder: ScratchFolder
  private let manager: DeviceManager
  private let device: Device

  init() throws {
    folder = try ScratchFolder(["scale.cl": ScratchKernels.scale])
    let test = try TestDevice()
    manager = test.manager
    device = test.context.device
  }

  private var cacheFolder: URL { folder.url.appending(path: "cache/programs") }

  private func entries() throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: cacheFolder, includingPropertiesForKeys: nil)
  }

  /// Builds, runs and checks the kernel in a fresh context; returns what the cache did.
  private func run(_ cache: ProgramCache, macros: [Macro] = []) throws -> ProgramCache.Counts {
    let context = try manager.makeContext(
      on: device, kernels: folder.kernels, cachingIn: cache)
    let queue = try context.makeQueue()
    let buffer = try context.makeBuffer(Float.self, count: 5)
    try buffer.write([1, 2, 3, 4, 5], on: queue)
    let kernel = try context.kernel("scale.cl", entryPoint: "scale", macros: macros)
    try kernel.setArguments([.buffer(buffer), .int(4), .float(2)])
    try queue.launch(kernel, over: NDRange(groups: NDRange.Size(5)), name: "scale")
    #expect(try buffer.read(on: queue) == [2, 4, 6, 8, 5])
    return cache.counts
  }

  @Test func secondContextLoadsTheBinary() throws {
    let first = try run(ProgramCache(directory: cacheFolder))
    #expect(first == ProgramCache.Counts(misses: 1, stored: 1))
    let second = try run(ProgramCache(directory: cacheFolder))
    #expect(second == ProgramCache.Counts(hits: 1))
    #expect(try entries().count == 1)
  }

  @Test func argumentsOfALoadedProgramAreChecked() throws {
    _ = try run(ProgramCache(directory: cacheFolder))
    let cache = ProgramCache(directory: cacheFolder)
    let context = try manager.makeContext(on: device, kernels: folder.kernels, cachingIn: cache)
    let kernel = try context.kernel("scale.cl", entryPoint: "scale")
    #expect(cache.counts.hits == 1)
    #expect(throws: CLError.self) { try kernel.setArguments([.int(1)]) }
  }

  @Test func otherOptionsOrSourceAreOtherPrograms() throws {
    _ = try run(ProgramCache(directory: cacheFolder))
    let options = try run(ProgramCache(directory: cacheFolder), macros: [Macro("VEC", 4)])
    #expect(options == ProgramCache.Counts(misses: 1, stored: 1))
    try folder.write(ScratchKernels.scale + "\n// changed\n", to: "scale.cl")
    let source = try run(ProgramCache(directory: cacheFolder))
    #expect(source == ProgramCache.Counts(misses: 1, stored: 1))
    #expect(try entries().count == 3)
  }

  @Test func everyFactOfTheDeviceIsInTheKey() {
    let info = device.info
    let key = { ProgramCache.Key(source: "s", options: "o", device: $0) }
    var others: [DeviceInfo] = []
    for path in [
      \DeviceInfo.name, \.driver, \.platform, \.platformVersion, \.vendor, \.version,
    ] {
      var other = info
      other[keyPath: path] += "x"
      others.append(other)
    }
    #expect(Set((others + [info]).map { key($0).text }).count == others.count + 1)
    #expect(
      ProgramCache.Key(source: "bc", options: "a", device: info)
        != ProgramCache.Key(source: "c", options: "ab", device: info))
  }

  @Test(
    arguments: [
      "truncated", "empty", "flipped", "longer", "magic", "format", "key length", "length",
      "text",
    ])
  func damagedFileIsReplaced(_ damage: String) throws {
    _ = try run(ProgramCache(directory: cacheFolder))
    let file = try #require(try entries().first)
    let intact = try Data(contentsOf: file)
    var bytes = [UInt8](intact)
    switch damage {
    case "truncated": bytes.removeLast(bytes.count / 3)
    case "empty": bytes = []
    case "flipped": bytes[bytes.count - 9] ^= 1
    case "longer": bytes.append(0)
    case "magic": bytes[0] ^= 1
    case "format": bytes[8] &+= 1
    case "length": bytes[24] ^= 1
    case "key length": bytes.replaceSubrange(16..<24, with: repeatElement(0xff, count: 8))
    default: bytes = Array("not a program".utf8)
    }
    try Data(bytes).write(to: file)
    let again = try run(ProgramCache(directory: cacheFolder))
    #expect(again == ProgramCache.Counts(misses: 1, stored: 1))
    #expect(try run(ProgramCache(directory: cacheFolder)) == ProgramCache.Counts(hits: 1))
  }

  @Test func binaryThatTheDriverRefusesIsReplaced() throws {
    let cache = ProgramCache(directory: cacheFolder)
    _ = try run(cache)
    let source = try folder.kernels.source("scale.cl")
    let key = ProgramCache.Key(
      source: source, options: Program.commonOptions + " ", device: device.info)
    #expect(cache.binary(for: key) != nil)
    cache.store(Array("no driver's binary".utf8), for: key)
    let again = try run(ProgramCache(directory: cacheFolder))
    #expect(again == ProgramCache.Counts(hits: 1, refused: 1, stored: 1))
    #expect(try run(ProgramCache(directory: cacheFolder)) == ProgramCache.Counts(hits: 1))
  }

  @Test func fileOfAnotherKeyWithTheSameHashIsReplaced() throws {
    let cache = ProgramCache(directory: cacheFolder)
    let one = ProgramCache.Key(source: "one", options: "", device: device.info)
    let two = ProgramCache.Key(source: "two", options: "", device: device.info)
    cache.store([1, 2, 3], for: one)
    try FileManager.default.moveItem(
      at: cacheFolder.appending(path: one.fileName), to: cacheFolder.appending(path: two.fileName))
    #expect(cache.binary(for: two) == nil)
    cache.store([4], for: two)
    #expect(cache.binary(for: two) == [4])
  }

  @Test func folderThatCannotBeWrittenOnlyMeansNoCache() throws {
    try folder.write("a file where the folder should be", to: "cache")
    #expect(try run(ProgramCache(directory: cacheFolder)) == ProgramCache.Counts(misses: 1))
    let system = ProgramCache(directory: URL(filePath: "/proc/widecl/programs"))
    #expect(try run(system) == ProgramCache.Counts(misses: 1))
  }

  @Test func fileThatCannotBeReplacedOnlyMeansNoCache() throws {
    let cache = ProgramCache(directory: cacheFolder)
    let key = ProgramCache.Key(source: "s", options: "", device: device.info)
    try folder.write("", to: "cache/programs/\(key.fileName)/a folder in its place")
    cache.store([1], for: key)
    #expect(cache.counts == ProgramCache.Counts())
    #expect(try entries().count == 1, "the temporary file is gone")
  }

  @Test func leastRecentlyUsedFilesGoFirst() throws {
    let keys = (0..<4).map {
      ProgramCache.Key(source: "source \($0)", options: "", device: device.info)
    }
    let binary = [UInt8](repeating: 7, count: 1000)
    let size = ProgramCacheEntry.encode(binary, key: keys[0].text).count
    let cache = ProgramCache(directory: cacheFolder, maximumBytes: 3 * size)
    for (index, key) in keys.prefix(3).enumerated() {
      cache.store(binary, for: key)
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: Double(index) - 100)],
        ofItemAtPath: cacheFolder.appending(path: key.fileName).path)
    }
    try folder.write("not ours", to: "cache/programs/notes.txt")
    try folder.write("crashed", to: "cache/programs/old.widecl-program-tmp")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -7200)],
      ofItemAtPath: cacheFolder.appending(path: "old.widecl-program-tmp").path)
    #expect(cache.binary(for: keys[0]) != nil, "the hit makes it the youngest")
    cache.store(binary, for: keys[3])
    #expect(
      try Set(entries().map(\.lastPathComponent))
        == Set([0, 2, 3].map { keys[$0].fileName } + ["notes.txt"]))
  }

  @Test func binaryLargerThanTheCapIsNotKept() throws {
    let cache = ProgramCache(directory: cacheFolder, maximumBytes: 500)
    let key = ProgramCache.Key(source: "s", options: "", device: device.info)
    cache.store([UInt8](repeating: 0, count: 501), for: key)
    #expect(cache.counts.stored == 0)
    #expect(cache.binary(for: key) == nil)
  }

  @Test func writersAtOnceLeaveOneWholeFile() async throws {
    let key = ProgramCache.Key(source: "s", options: "", device: device.info)
    let directory = cacheFolder
    await withTaskGroup(of: Void.self) { group in
      for value in 0..<16 {
        group.addTask {
          let cache = ProgramCache(directory: directory)
          cache.store([UInt8](repeating: UInt8(value), count: 20_000), for: key)
          let read = cache.binary(for: key)
          #expect(read.map { Set($0).count == 1 && $0.count == 20_000 } == true)
        }
      }
    }
    #expect(try entries().map(\.lastPathComponent) == [key.fileName])
  }

  @Test func poclKeepsItsOwnCache() throws {
    let context = try manager.makeContext(
      on: device, kernels: folder.kernels, programCache: cacheFolder)
    #expect((context.programCache == nil) == device.info.isPocl)
    let without = try manager.makeContext(on: device)
    #expect(without.programCache == nil)
  }
}
