import Autotuner
import DeviceRuntime
import Files
import Glibc
import TestSupport
import Testing

/// Files of tuning results.
struct TuningDatabaseTests {
  private func sample() throws -> TuningDatabase {
    try TuningDatabase([
      (.madeUp(), 100, .twice, 1e-3), (.madeUp(), 200, .plain, 2e-3),
      (.madeUp("gpu", kind: .gpu), 100, .plain, 3e-3),
    ])
  }

  @Test("what is written is read again, and the same results give the same bytes")
  func roundTrip() throws {
    let database = try sample()
    let read = try TuningDatabase(json: database.json, path: "f")
    #expect(read.json == database.json && read.devices.count == 2)
    var other = try TuningDatabase([(.madeUp("gpu", kind: .gpu), 100, .plain, 3e-3)])
    other.merge(
      try TuningDatabase([(.madeUp(), 200, .plain, 2e-3), (.madeUp(), 100, .twice, 1e-3)]))
    #expect(other.json == database.json)
  }

  @Test("a problem's results are replaced together")
  func replace() throws {
    var database = try sample()
    database.merge(try TuningDatabase([(.madeUp(), 100, .plain, 5e-4)]))
    let entries = try #require(database.devices.first { $0.device.name == "cpu" }).entries
    #expect(entries.count == 2)
    #expect(
      entries.compactMap { $0.decoded(as: SquareOperation.self)?.configuration }
        .allSatisfy { $0 == .plain })
  }

  @Test(
    "damaged, foreign and edited files are refused in one line",
    arguments: [
      "", "{", "[]", "{\"schema\": 2, \"devices\": []}", "{\"schema\": 1}", "null",
      "{\"schema\": \"1\", \"devices\": []}", "\u{0}\u{0}",
      String(repeating: "[", count: 100_000),
    ])
  func refused(text: String) {
    let error = #expect(throws: TuningError.self) {
      try TuningDatabase(json: Array(text.utf8), path: "file.json")
    }
    #expect(error?.exitStatus == 65)
    #expect(error?.description.contains("\n") == false)
    #expect(error?.description.hasPrefix("file.json: ") == true)
  }

  @Test(
    "values that no tuner writes are refused",
    arguments: [
      ("0.001", "-1"), ("0.001", "0"), ("\"square\"", "\"sq\\u001b[31m\""),
      ("\"cpu\"", "\"c\\npu\""), ("0.001", "\"fast\""), ("\"pocl\"", "7"),
    ])
  func implausible(value: String, edited: String) throws {
    let json = String(decoding: try sample().json, as: UTF8.self)
    #expect(json.contains(value))
    let changed = Array(json.replacing(value, with: edited).utf8)
    #expect(throws: TuningError.self) { try TuningDatabase(json: changed, path: "f") }
  }

  @Test("every byte that is cut off is noticed")
  func truncated() throws {
    let json = try sample().json
    for count in stride(from: 0, to: json.count - 2, by: 7) {
      #expect(throws: TuningError.self) {
        try TuningDatabase(json: Array(json[..<count]), path: "f")
      }
    }
  }
}

/// The user's file.
struct TuningStoreTests {
  private let changes = Result {
    try TuningDatabase([(.madeUp(), 100, .twice, 1e-3)])
  }

  @Test("results are merged into the file")
  func merge() throws {
    let folder = try ScratchFolder()
    let store = TuningStore(folder: folder.file("made/when/needed"))
    #expect(store.load().database.isEmpty && store.load().complaints.isEmpty)
    try store.save(changes.get())
    try store.save(TuningDatabase([(.madeUp("gpu"), 100, .plain, 1e-3)]))
    let content = TuningStore(folder: store.folder).load()
    #expect(content.database.devices.map(\.device.name) == ["cpu", "gpu"])
    try store.clear()
    #expect(store.load().database.isEmpty)
    try store.clear()
  }

  @Test("several that save at once lose nothing")
  func concurrentSaves() async throws {
    let folder = try ScratchFolder()
    let path = folder.path
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          try TuningStore(folder: path).save(
            TuningDatabase([(.madeUp(), number, .twice, 1e-3)]))
        }
      }
      try await group.waitForAll()
    }
    #expect(TuningStore(folder: path).load().database.devices.first?.entries.count == 8)
  }

  @Test(
    "a damaged or foreign file is put aside, told of once and never used",
    arguments: ["nonsense", "{\"schema\": 99, \"devices\": []}"])
  func damaged(text: String) throws {
    let folder = try ScratchFolder()
    try folder.write(text, to: "tuning.json")
    let store = TuningStore(folder: folder.path)
    let content = store.load()
    #expect(content.database.isEmpty && content.complaints.count == 1)
    #expect(content.complaints.first?.contains("\n") == false)
    #expect(try folder.names == ["tuning.json.damaged"])
    #expect(try folder.text("tuning.json.damaged") == text)
    #expect(store.load().complaints.isEmpty)
    try store.save(changes.get())
    #expect(!store.load().database.isEmpty)
  }

  @Test("a failure at any moment leaves the old results or the new ones")
  func everyFailure() throws {
    for failing in 0..<20 {
      let folder = try ScratchFolder()
      try TuningStore(folder: folder.path).save(changes.get())
      let before = try folder.text("tuning.json")
      let files = FaultyFiles(failing: failing, .error(ENOSPC))
      let more = try TuningDatabase([(.madeUp("gpu"), 100, .plain, 1e-3)])
      do {
        try TuningStore(folder: folder.path, files: files).save(more)
        #expect(failing >= files.calls.count || files.calls[failing] == "close")
      } catch {
        #expect(error.exitStatus == 73 && error.why.contains("No space left"))
      }
      let content = TuningStore(folder: folder.path).load()
      #expect(content.complaints.isEmpty && !content.database.isEmpty)
      let after = try folder.text("tuning.json")
      #expect(after == before || content.database.devices.count == 2)
      #expect(try folder.names.filter { $0.hasSuffix(".partial") }.isEmpty)
    }
  }

  @Test("a folder that cannot be made is an error with status 73")
  func noFolder() throws {
    let folder = try ScratchFolder()
    try folder.write("", to: "file")
    let store = TuningStore(folder: folder.file("file/cache"))
    let error = #expect(throws: TuningError.self) { try store.save(changes.get()) }
    #expect(error?.exitStatus == 73)
  }
}
