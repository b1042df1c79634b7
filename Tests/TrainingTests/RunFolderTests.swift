import Foundation
import Testing
import Training

@Suite struct RunFolderTests {
  @Test func createsTheFolderAndNamesItsFiles() throws {
    let parent = try TemporaryFolder()
    let folder = try RunFolder(parent.file("a/b/c/"), resume: false)
    #expect(!folder.hasCheckpoint)
    for path in [
      folder.config, folder.log, folder.table, folder.lastCheckpoint, folder.bestCheckpoint,
      folder.report,
    ] {
      try Data().write(to: URL(fileURLWithPath: path))
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: parent.file("a/b/c")).sorted()
    #expect(
      names == [
        ".lock", "checkpoint-best.safetensors", "checkpoint-last.safetensors", "config.json",
        "log.csv", "log.jsonl", "report.html",
      ])
    #expect(folder.hasCheckpoint)
  }

  @Test func secondRunIsRefusedUntilTheFirstEnds() throws {
    let parent = try TemporaryFolder()
    var first: RunFolder? = try RunFolder(parent.file("a"), resume: false)
    for resume in [false, true] {
      let error = #expect(throws: TrainingError.self) {
        try RunFolder(parent.file("a"), resume: resume)
      }
      #expect(error?.exitStatus == 73)
      #expect(error?.why == "another process is training into it")
    }
    withExtendedLifetime(first) {}
    first = nil
    _ = try RunFolder(parent.file("a"), resume: false)
  }

  @Test(arguments: ["checkpoint-last.safetensors", "checkpoint-best.safetensors"])
  func freshRunDoesNotOverwriteACheckpoint(name: String) throws {
    let folder = try TemporaryFolder()
    try Data("old".utf8).write(to: URL(fileURLWithPath: folder.file(name)))
    let error = #expect(throws: TrainingError.self) {
      try RunFolder(folder.path, resume: false)
    }
    #expect(error?.exitStatus == 73)
    #expect(error?.advice.contains("--resume") == true)
    #expect(try RunFolder(folder.path, resume: true).hasCheckpoint)
    #expect(try text(of: folder.file(name)) == "old")
  }

  @Test func leftoversOfAKilledRunAreRemoved() throws {
    let folder = try TemporaryFolder()
    for name in [".widecl-12ab.partial", "mine.partial", ".widecl-notes"] {
      try Data().write(to: URL(fileURLWithPath: folder.file(name)))
    }
    _ = try RunFolder(folder.path, resume: false)
    #expect(try folder.names == [".lock", ".widecl-notes", "mine.partial"])
  }

  @Test(arguments: ["", "/proc/widecl", "/dev/null", "/dev/null/run", "/proc"])
  func folderThatCannotBeWrittenIsAnError(path: String) {
    let error = #expect(throws: TrainingError.self) { try RunFolder(path, resume: false) }
    #expect(error?.exitStatus == 73)
  }
}
