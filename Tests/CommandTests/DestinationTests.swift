import Foundation
import Testing

/// What `--output` may name besides a file.
@Suite(.serialized)
struct DestinationTests {
  private func export(
    to output: String, launcher: [String] = [], standardOutput: FileHandle? = nil
  ) throws -> CommandResult {
    try Command(
      ["export", try Small.checkpoint(), "--format", "onnx", "--output", output],
      launcher: launcher, standardOutput: standardOutput
    ).wait()
  }

  /// What an export to a file writes.
  private func expected(in folder: TemporaryFolder) throws -> Data {
    let path = folder.path("expected.onnx")
    #expect(try export(to: path).status == 0)
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func type(of path: String) throws -> FileAttributeType? {
    try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
  }

  @Test func aLinkStaysAndItsTargetIsReplaced() throws {
    let folder = try TemporaryFolder()
    let expected = try expected(in: folder)
    let files = FileManager.default
    try files.createDirectory(atPath: folder.path("there"), withIntermediateDirectories: true)
    try Data("old".utf8).write(to: URL(fileURLWithPath: folder.path("there/old")))
    let links = [("a", "there/old"), ("b", "a"), ("dangling", "there/new")]
    for (name, target) in links {
      let link = folder.path(name)
      try files.createSymbolicLink(atPath: link, withDestinationPath: target)
      #expect(try export(to: link).status == 0)
      #expect(try type(of: link) == .typeSymbolicLink)
    }
    for name in ["there/old", "there/new"] {
      #expect(try type(of: folder.path(name)) == .typeRegular)
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path(name))) == expected)
    }
    #expect(try files.contentsOfDirectory(atPath: folder.path("there")).count == 2)
    try files.createSymbolicLink(atPath: folder.path("loop"), withDestinationPath: "loop")
    #expect(try export(to: folder.path("loop")).status == 73)
  }

  @Test func pipesAndDevicesAreWrittenTo() throws {
    let folder = try TemporaryFolder()
    let expected = try expected(in: folder)
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = Process()
    reader.executableURL = URL(fileURLWithPath: "/bin/cp")
    reader.arguments = [pipe, folder.path("read")]
    try reader.run()
    #expect(try export(to: pipe).status == 0)
    reader.waitUntilExit()
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("read"))) == expected)
    #expect(try type(of: pipe) != .typeRegular)

    #expect(try export(to: "/dev/null").status == 0)
    #expect(try type(of: "/dev/null") == .typeCharacterSpecial)
    let full = try export(to: "/dev/full")
    #expect(full.status == 73 && full.error.contains("No space left"), "\(full)")
    #expect(try type(of: "/dev/full") == .typeCharacterSpecial)
  }

  @Test func descriptorsAreWrittenToAndNothingElseGoesThere() throws {
    let folder = try TemporaryFolder()
    let expected = try expected(in: folder)
    for output in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
      let path = folder.path("captured")
      try Data().write(to: URL(fileURLWithPath: path))
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      let result = try export(to: output, standardOutput: file)
      #expect(result.status == 0, "\(result)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected)
    }
    let shell = ["/bin/bash", "-c", "exec \"$@\" 7>'\(folder.path("seven"))'", "bash"]
    #expect(try export(to: "/dev/fd/7", launcher: shell).status == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("seven"))) == expected)
  }

  @Test func aFolderIsRefused() throws {
    let folder = try TemporaryFolder()
    try expectFailure(
      73,
      ["export", try Small.checkpoint(), "--format", "onnx", "--output", folder.url.path],
      mentions: "Is a directory")
    try expectFailure(
      73, ["report", try Small.finished.get().output, "--output", folder.url.path],
      mentions: "Is a directory")
  }
}
