import Foundation
import TestSupport
import Testing

/// The verification of kernels as its users run it.
@Suite(.serialized)
struct VerifyTests {
  /// A cache folder of a test's own.
  private let cache = Result { try TemporaryFolder() }

  private var environment: [String: String] {
    get throws { ["XDG_CACHE_HOME": try cache.get().url.path] }
  }

  @Test("a part of the kernels is right, and the table says so")
  func rightKernels() throws {
    let part = ["verify", "--op", "sgd", "--sample", "1", "--seed", "7", "--largest", "1000"]
    let result = try Command.run(part + ["--json"], environment: environment)
    #expect(result.status == 0, "\(result.error)")
    let report = try result.object()
    #expect(report["passed"] as? Bool == true && report["seed"] as? Int == 7)
    let row = try #require((report["operations"] as? [[String: Any]])?.first)
    #expect(row["operation"] as? String == "sgd")
    let standard = try #require(row["default"] as? [String: Int])
    #expect(standard["checked"] == 1 && standard["trusted"] == 1)
    let table = try Command.run(part, environment: environment)
    #expect(table.out.contains("default       tuned     shipped") && table.out.contains("1 of 1"))
    #expect(table.out.contains("0 failed; the same sample again with --seed 7"))
  }

  @Test("what is wrong or crashes is named, ends with status 70 and is never tuned or chosen")
  func wrongKernels() throws {
    let kernels = try PatchedKernels(
      "sgd/sgd.cl", replacing: "  int i = (int)get_global_id(0) * (VEC * ITEM_N);",
      with: """
          int i = (int)get_global_id(0) * (VEC * ITEM_N);
        #if VEC == 1
          *(volatile __global int*)(count - count) = 1;
        #elif ITEM_N == 1024
          p[0] += 1.0f;
        #endif
        """)
    var environment = try environment
    environment["WIDECL_KERNELS"] = kernels.path
    let verified = try Command.run(
      ["verify", "--op", "sgd", "--largest", "100", "--json"], environment: environment)
    #expect(verified.status == 70, "\(verified.error)")
    #expect(verified.error.contains("crashed (signal"))
    let report = try verified.object()
    #expect(report["passed"] as? Bool == false)
    let failures = try #require(report["failures"] as? [[String: Any]])
    let wrong = Set(failures.compactMap { $0["configuration"] as? String })
    #expect(wrong.count == 2, "\(failures)")
    #expect(failures.contains { ($0["reason"] as? String)?.contains("p[0] is") == true })
    #expect(failures.contains { $0["reason"] as? String == "it crashed or hung the process" })

    let tuned = try Command.run(TuneTests.tune + ["--json"], environment: environment)
    #expect(tuned.status == 0 && !tuned.error.contains("crashed"))
    let results = try #require(try tuned.object()["results"] as? [[String: Any]])
    let rows = try #require(results.first?["rows"] as? [[String: Any]])
    let skipped = rows.filter { $0["status"] as? String == "skipped" }
    #expect(Set(skipped.compactMap { $0["configuration"] as? String }) == wrong)
    let listed = try Command.run("tune", "--list", environment: environment).out
    #expect(
      wrong.allSatisfy { name in listed.contains("found wrong on ") && listed.contains(name) })
  }

  @Test("options that fit nothing are refused")
  func usage() throws {
    try expectFailure(64, ["verify", "--op", "no such one"])
    try expectFailure(64, ["verify", "--sample=-1"])
    try expectFailure(64, ["verify", "--largest", "inf"])
    try expectFailure(64, ["verify", "--trace", "t", "--seed", "1"])
    try expectFailure(
      64, ["verify", "--op", "fill", "--configuration", "no such one"], environment: environment,
      afterProgress: true)
  }
}
