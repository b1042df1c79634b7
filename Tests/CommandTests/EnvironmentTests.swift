import Foundation
import Testing

/// The documented variables are those that are read, and no others.
@Suite struct EnvironmentTests {
  private static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  // Written so that `names` does not find them.
  private static let misspelt = "WIDECL" + "_DEVCE"
  private static let unknown = "WIDECL" + "_OTHER"

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

  @Test func theTableIsComplete() throws {
    // What the tests tell their own layer between programs and drivers is no user's.
    let used = try names(in: "Sources", ending: "swift").union(names(in: "Tests", ending: "swift"))
      .subtracting(names(in: "Tests", ending: "c"))
    #expect(used.isSuperset(of: ["WIDECL_DEVICE", "WIDECL_TEST_SEED"]))
    let page = try String(
      contentsOf: Self.repository.appending(path: "docs/commands.md"), encoding: .utf8)
    let rows = page.split(separator: "\n").compactMap { line in
      line.prefixMatch(of: /\| `(WIDECL_[A-Z_]+)` \|/).map { String($0.1) }
    }
    #expect(rows.sorted() == used.sorted())
  }

  @Test func anEmptyVariableIsNone() throws {
    let names = try names(in: "Sources", ending: "swift")
    let empty = ["/usr/bin/env"] + names.sorted().map { $0 + "=" }
    let arguments = ["evaluate", try Small.checkpoint(), "--data", Small.data, "--json"]
    let result = try Command.run(arguments, launcher: empty)
    #expect(result.status == 0 && result.errorLines.isEmpty, "\(result)")
    #expect(result.out == (try Command.run(arguments).out))
  }

  @Test func aVariableThatDoesNotExistIsSaid() throws {
    let result = try Command.run("devices", environment: [Self.misspelt: "0"])
    #expect(result.status == 0)
    #expect(
      result.error
        == "widecl: \(Self.misspelt) is no variable that is read; did you mean WIDECL_DEVICE?\n")
    // Also where the command runs in processes of its own. What it tunes is no other test's.
    let cache = try TemporaryFolder()
    let tuned = try Command.run(
      ["bench", "step", Small.model, "--image", "1x8x8", "--batch", "2", "--steps", "1"],
      environment: [Self.unknown: "1", "XDG_CACHE_HOME": cache.url.path],
      launcher: ["/bin/bash", "-c", "ulimit -f 1000000; exec \"$@\"", "bash"])
    #expect(tuned.errorLines.count { $0.contains(Self.unknown) } == 1, "\(tuned)")
  }

  @Test func withoutAHomeNothingIsKeptInTheCurrentFolder() throws {
    let folder = try TemporaryFolder()
    for home in [["-u", "HOME"], ["HOME="], ["HOME=here"]] {
      let launcher =
        ["/usr/bin/env", "-u", "XDG_CACHE_HOME", "-u", "POCL_CACHE_DIR", "-C", folder.url.path]
        + home
      let result = try Command.run(["devices"], launcher: launcher)
      #expect(result.status == 0, "\(result)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
  }

  @Test func theHelpHasThoseThatAreNotOfTheTests() throws {
    let help = try Command.run("--help").out
    let shown = help.matches(of: /WIDECL_[A-Z_]+/).map { String($0.0) }
    let used = try names(in: "Sources", ending: "swift")
    #expect(Set(shown).sorted() == used.sorted())
  }

  /// The lists of cores that a process' threads may run on.
  private func cores(_ process: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task").compactMap {
      let status = try? String(
        contentsOfFile: "/proc/\(process)/task/\($0)/status", encoding: .utf8)
      return status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        .map(String.init)
    }
  }

  /// Where a process may use all cores, pocl's threads do not share one.
  @Test(.enabled(if: ProcessInfo.processInfo.processorCount > 1))
  func poclKeepsItsThreadsApart() throws {
    let arguments = [
      "bench", "step", Small.model, "--image", "1x8x8", "--batch", "2", "--steps", "100000",
      "--no-tune",
    ]
    // What the threads of a run may use; a run without pinning has nothing to wait for but them.
    func pinned(_ environment: [String: String], _ launcher: [String] = []) throws -> Set<String> {
      let command = try Command(arguments, environment: environment, launcher: launcher)
      let deadline = Date(timeIntervalSinceNow: 60)
      let isDefault = environment.isEmpty && launcher.isEmpty
      var found: [String] = []
      while Date() < deadline, command.isRunning {
        found = try cores("\(command.processIdentifier)")
        if isDefault ? found.contains("Cpus_allowed_list:\t1") : found.count >= 4 { break }
        usleep(20_000)
      }
      command.send(SIGKILL)
      _ = try command.wait()
      return Set(found)
    }
    let own = try #require(try cores("self").first)
    let all = try String(contentsOfFile: "/sys/devices/system/cpu/online", encoding: .utf8)
    let isWhole = own.hasSuffix("\t" + all.trimmingCharacters(in: .newlines))
    #expect(try pinned([:]).contains("Cpus_allowed_list:\t1") == isWhole)
    #expect(try pinned(["POCL_AFFINITY": "0"]).count == 1)
    #expect(try pinned([:], ["/usr/bin/taskset", "-c", "1"]).count == 1)
  }

  /// pocl compiles on one core: several processes do for a cold start, and leave one cache.
  @Test(.enabled(if: ProcessInfo.processInfo.processorCount > 1))
  func kernelsAreCompiledByProcesses() throws {
    let cache = try TemporaryFolder()
    let orphan = cache.url.appending(path: "widecl-compile-0")
    try FileManager.default.createDirectory(at: orphan, withIntermediateDirectories: true)
    let list = cache.url.appending(path: "widecl-kernels")
    func step() throws -> CommandResult {
      let result = try Command.run(
        [
          "bench", "step", Small.model, "--image", "1x8x8", "--batch", "2", "--steps", "1",
          "--no-tune",
        ], environment: ["POCL_CACHE_DIR": cache.url.path])
      #expect(result.status == 0, "\(result)")
      return result
    }
    func compiled() throws -> Set<String> {
      let files = try #require(FileManager.default.enumerator(atPath: cache.url.path))
      return Set(files.compactMap { $0 as? String }.filter { $0.hasSuffix(".so") })
    }
    _ = try step()
    let first = try (list: String(contentsOf: list, encoding: .utf8), compiled: compiled())
    let kernels = first.list.split(separator: "\n")
    #expect(kernels.count > 20 && Set(kernels).count == kernels.count)
    #expect(first.compiled.count >= kernels.count)
    let names = try FileManager.default.contentsOfDirectory(atPath: cache.url.path)
    #expect(!names.contains { $0.hasPrefix("widecl-compile-") }, "\(names)")
    // All of it is found again, and nothing is asked for a second time.
    _ = try step()
    #expect(try String(contentsOf: list, encoding: .utf8) == first.list)
    #expect(try compiled() == first.compiled)
    // Without the list processes compile again, and change nothing that is there.
    try FileManager.default.removeItem(at: list)
    _ = try step()
    #expect(try String(contentsOf: list, encoding: .utf8).count == first.list.count)
    #expect(try compiled() == first.compiled)
  }
}
