import Foundation
import Testing

/// README's table of environment variables has those that are read, and no others.
@Suite struct EnvironmentTests {
  private static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The variables of ours that files below a folder name in quotes; `ending` is the files'.
  private func names(in folder: String, ending: String) throws -> Set<String> {
    let files = try #require(
      FileManager.default.enumerator(
        at: Self.repository.appending(path: folder), includingPropertiesForKeys: nil))
    var found: Set<String> = []
    for case let file as URL in files where file.pathExtension == ending {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /"(WIDECL_[A-Z_]+)"/) { found.insert(String(match.1)) }
    }
    return found
  }

  @Test func readmesTableIsComplete() throws {
    // What the tests tell their own layer between programs and drivers is no user's.
    let used = try names(in: "Sources", ending: "swift").union(names(in: "Tests", ending: "swift"))
      .subtracting(names(in: "Tests", ending: "c"))
    #expect(used.isSuperset(of: ["WIDECL_DEVICE", "WIDECL_TEST_SEED"]))
    let readme = try String(
      contentsOf: Self.repository.appending(path: "README.md"), encoding: .utf8)
    let rows = readme.split(separator: "\n").compactMap { line in
      line.prefixMatch(of: /\| `(WIDECL_[A-Z_]+)` \|/).map { String($0.1) }
    }
    #expect(rows.sorted() == used.sorted())
  }

  @Test func theHelpHasThoseThatAreNotOfTheTests() throws {
    let help = try Command.run("--help").out
    let shown = help.matches(of: /WIDECL_[A-Z_]+/).map { String($0.0) }
    let used = try names(in: "Sources", ending: "swift")
    #expect(Set(shown).sorted() == used.sorted())
  }
}
