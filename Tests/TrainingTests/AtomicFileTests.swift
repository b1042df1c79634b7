import Files
import Foundation
import TestSupport
import Testing
import Training

@Suite struct AtomicFileTests {
  private static let chunks: [[UInt8]] = [Array("new ".utf8), [], Array("content".utf8)]

  @Test func writesThenSyncsThenRenamesThenSyncsTheFolder() throws {
    let folder = try TemporaryFolder()
    let files = FaultyFiles()
    try AtomicFile.write(Self.chunks, to: folder.file("a"), files: files)
    #expect(
      files.calls == [
        "open", "open", "write", "write", "fsync", "close", "rename", "fsync", "close",
      ])
    #expect(try text(of: folder.file("a")) == "new content")
    #expect(try folder.names == ["a"])
  }

  @Test(arguments: 0..<7, [EIO, ENOSPC])
  func failureBeforeTheRenameKeepsTheOldFile(call: Int, code: Int32) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    let files = FaultyFiles(failing: call, .error(code))
    let error = #expect(throws: TrainingError.self) {
      try AtomicFile.write(Self.chunks, to: path, files: files)
    }
    #expect(error?.exitStatus == 73)
    #expect(error?.what == path)
    #expect(try text(of: path) == "old")
    #expect(try folder.names == ["a"])
  }

  @Test func shortWriteThatRunsOutOfSpaceKeepsTheOldFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: TrainingError.self) {
      try AtomicFile.write(Self.chunks, to: path, files: FaultyFiles(failing: 3, .shortWrite))
    }
    #expect(error?.why.contains("No space left on device") == true)
    #expect(try text(of: path) == "old")
    #expect(try folder.names == ["a"])
  }

  @Test func shortWritesThatGoOnAreCompleted() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write(
      Self.chunks, to: folder.file("a"), files: FaultyFiles(failing: .max, .shortWrite))
    #expect(try text(of: folder.file("a")) == "new content")
  }

  @Test func failureToSyncTheFolderLeavesTheNewFileWhole() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    #expect(throws: TrainingError.self) {
      try AtomicFile.write(Self.chunks, to: path, files: FaultyFiles(failing: 7))
    }
    #expect(try text(of: path) == "new content")
    #expect(try folder.names == ["a"])
    // File systems that cannot sync a folder say EINVAL, which is no failure.
    try AtomicFile.write([], to: path, files: FaultyFiles(failing: 7, .error(EINVAL)))
    #expect(try text(of: path) == "")
  }

  @Test func missingFolderIsAnError() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: TrainingError.self) {
      try AtomicFile.write(Self.chunks, to: folder.file("missing/a"))
    }
    #expect(error?.exitStatus == 73)
  }
}
