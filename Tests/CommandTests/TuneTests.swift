import Foundation
import TestSupport
import Testing

/// Tuning as its users run it.
@Suite(.serialized)
struct TuneTests {
  static let tune = [
    "tune", "wrn-10-1", "--image", "1x8x8", "--batch", "4", "--op", "sgd",
  ]

  /// A cache folder of a test's own.
  private let cache = Result { try TemporaryFolder() }

  private var environment: [String: String] {
    get throws { ["XDG_CACHE_HOME": try cache.get().url.path] }
  }

  private func run(_ arguments: [String], kernels: String = "") throws -> CommandResult {
    try Command.run(
      arguments, environment: environment.merging(["WIDECL_KERNELS": kernels]) { $1 })
  }

  private func file(_ name: String) throws -> URL {
    try cache.get().url.appending(path: "widecl").appending(path: name)
  }

  @Test("without --batch it is that of the recipe that trains the model")
  func recipesBatch() throws {
    let tuned = try run(["tune", "wrn-10-1", "--op", "softmax", "--budget", "10s", "--json"])
    let results = try #require(tuned.object()["results"] as? [[String: Any]])
    #expect(results.allSatisfy { ($0["problem"] as? String)?.contains("N128 ") == true })
    #expect(!results.isEmpty, "\(tuned.error)")
  }

  @Test("results are kept, listed, exported, forgotten and imported")
  func lifeOfAResult() throws {
    let tuned = try run(Self.tune + ["--json"])
    #expect(tuned.status == 0, "\(tuned.error)")
    let report = try tuned.object()
    #expect(report["finished"] as? Bool == true)
    let results = try #require(report["results"] as? [[String: Any]])
    #expect(results.count == 1 && results[0]["operation"] as? String == "sgd")
    let rows = try #require(results[0]["rows"] as? [[String: Any]])
    #expect(rows.count == results[0]["candidates"] as? Int)
    #expect(rows.allSatisfy { ["measured", "slow"].contains($0["status"] as? String) })

    let again = try run(Self.tune)
    #expect(again.status == 0 && again.out.isEmpty && again.error.contains("1 of 1 shapes"))
    // A best that is no candidate any more leaves the shape to be done.
    let found = try Data(contentsOf: file("tuning.json"))
    let odd = String(decoding: found, as: UTF8.self).replacing(
      /"itemN" : \d+/, with: "\"itemN\" : 7")
    try odd.write(to: file("tuning.json"), atomically: true, encoding: .utf8)
    let repeated = try run(Self.tune)
    #expect(repeated.status == 0 && repeated.out.contains("sgd ["), "\(repeated.error)")
    try found.write(to: file("tuning.json"))
    let listed = try run(["tune", "--list"])
    #expect(listed.status == 0 && listed.out.contains("  sgd ["))
    #expect(listed.out.contains(try #require(results[0]["configuration"] as? String)))

    let exported = try cache.get().path("exported.json")
    #expect(try run(["tune", "--export", exported]).status == 0)
    #expect(try run(["tune", "--clear"]).status == 0)
    #expect(try run(["tune", "--list"]).out.isEmpty)
    let imported = try run(["tune", "--import", exported])
    #expect(imported.status == 0 && imported.error.hasPrefix("1 results for "))
    #expect(try run(["tune", "--list"]).out == listed.out)
    #expect(
      try Data(contentsOf: file("tuning.json")) == Data(contentsOf: URL(filePath: exported)))
  }

  @Test("files that are no results are refused and change nothing")
  func badFiles() throws {
    let bad = try cache.get().path("bad.json")
    try Data("{\"schema\": 7, \"devices\": []}".utf8).write(to: URL(filePath: bad))
    try expectFailure(65, ["tune", "--import", bad], environment: environment)
    try expectFailure(66, ["tune", "--import", "/nonexistent"], environment: environment)
    try expectFailure(73, ["tune", "--export", "/nonexistent/f"], environment: environment)
    try expectFailure(
      65, ["bench", "step", "wrn-10-1", "--tuning", bad], environment: environment)
    try expectFailure(64, ["tune", "--list", "--clear"], environment: environment)
    try expectFailure(64, ["tune", "--budget", "soon"], environment: environment)
    // pocl has its own cache there and names no device without one.
    let drivers = try cache.get().path("drivers")
    try expectFailure(
      73, Self.tune, environment: ["XDG_CACHE_HOME": bad, "POCL_CACHE_DIR": drivers])
  }

  @Test("a damaged file is told of once, put aside, and the run goes on")
  func damagedFile() throws {
    let folder = try file("")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("nonsense".utf8).write(to: file("tuning.json"))
    let bench = [
      "bench", "step", "wrn-10-1", "--image", "1x8x8", "--batch", "4", "--steps", "1", "--no-tune",
    ]
    let first = try run(bench)
    #expect(first.status == 0)
    #expect(first.errorLines.count == 2 && first.errorLines[0].contains("tuning.json: "))
    #expect(first.errorLines[1].hasPrefix("checked "))
    #expect(try Data(contentsOf: file("tuning.json.damaged")) == Data("nonsense".utf8))
    #expect(try run(bench).errorLines.isEmpty)
  }

  @Test("candidates that crash or hang are named, skipped for ever, and the rest is tuned")
  func crashAndHang() throws {
    let kernels = try PatchedKernels(
      "sgd/sgd.cl", replacing: "  int i = (int)get_global_id(0) * (VEC * ITEM_N);",
      with: """
          int i = (int)get_global_id(0) * (VEC * ITEM_N);
        #if VEC == 1
          *(volatile __global int*)(count - count) = 1;
        #elif ITEM_N == 1024
          for (volatile int k = 0; k < 1000000000;) p[0] += 1.0f;
        #endif
        """)
    let tuned = try run(Self.tune + ["--timeout", "4s", "--json"], kernels: kernels.path)
    #expect(tuned.status == 0, "\(tuned.error)")
    #expect(tuned.error.contains("hung and is not tried again"))
    #expect(tuned.error.contains("crashed (signal"))
    let report = try tuned.object()
    let results = try #require(report["results"] as? [[String: Any]])
    let rows = try #require(results.first?["rows"] as? [[String: Any]])
    #expect(rows.count { $0["status"] as? String == "skipped" } == 2)
    #expect(rows.contains { $0["status"] as? String == "measured" })
    func blacklisted(_ result: CommandResult) -> Int {
      result.out.split(separator: "\n").count { $0.hasPrefix("not tried again on ") }
    }
    #expect(blacklisted(try run(["tune", "--list"], kernels: kernels.path)) == 2)
    #expect(blacklisted(try run(["tune", "--list"])) == 0, "the built-in kernels did nothing")
  }

  @Test("Ctrl-C keeps what is found")
  func interruption() throws {
    let command = try Command(
      ["tune", "wrn-10-1", "--image", "1x8x8", "--batch", "4"], environment: environment)
    let cache = try file("")
    while command.isRunning {
      let journal = try? FileManager.default.contentsOfDirectory(atPath: cache.path)
        .first { $0.hasPrefix("tuning-journal") }
      let text =
        journal.flatMap { try? String(contentsOf: cache.appending(path: $0), encoding: .utf8) }
        ?? ""
      if text.contains("\"end\"") { break }
      usleep(5_000)
    }
    command.interrupt()
    let result = try command.wait(seconds: 60)
    #expect(result.status == 130)
    #expect(result.error.contains("results are kept in"))
    #expect(try !run(["tune", "--list"]).out.contains("not tried again"))
    #expect(try run(["tune", "--list"]).out.contains(" -> "))
  }
}
