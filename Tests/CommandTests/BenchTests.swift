import Foundation
import Testing

/// What `bench layers`, `bench figure4` and `devices --peak` print.
@Suite(.serialized)
struct BenchTests {
  private static let layers = [
    "bench", "layers", Small.model, "--image", "1x8x8", "--classes", "4", "--batch", "2",
    "--steps", "2", "--no-tune",
  ]

  private func rows(_ arguments: [String]) throws -> [[String: Any]] {
    let result = try Command.run(arguments + ["--json"])
    #expect(result.status == 0, "\(result.error)")
    let json = try result.json()
    guard arguments.starts(with: ["bench", "layers"]) else {
      return try #require(json as? [[String: Any]])
    }
    let report = try #require(json as? [String: Any])
    #expect(
      Set(report.keys) == ["model", "batch", "device", "peak_gflops", "peak_gbs", "rows"])
    return try #require(report["rows"] as? [[String: Any]])
  }

  @Test func layersHaveEveryConvolutionAndPass() throws {
    let rows = try rows(Self.layers)
    let keys = [
      "layer", "pass", "operation", "problem", "configuration", "ms", "gflops", "gbs",
      "percent_of_peak", "percent_of_peak_gbs",
    ]
    for row in rows { #expect(Set(row.keys) == Set(keys)) }
    let convolutions = rows.filter { ($0["operation"] as? String)?.hasPrefix("conv2d") == true }
    // wrn-10-1 has a first convolution, two in each of three blocks and two projections; the first
    // needs no gradient to the images.
    #expect(convolutions.count == 3 * 9 - 1)
    let passes = Dictionary(grouping: convolutions) { $0["pass"] as? String ?? "" }
    #expect(passes.mapValues(\.count) == ["forward": 9, "backward_data": 8, "backward_filter": 9])
    #expect(Set(convolutions.compactMap { $0["layer"] as? String }).count == 9)
    for row in rows {
      #expect((row["ms"] as? Double ?? 0) > 0, "\(row)")
      #expect((row["percent_of_peak"] as? Double ?? -1) >= 0, "\(row)")
    }
    let others = rows.dropFirst(convolutions.count)
    #expect(others.allSatisfy { $0["layer"] as? String == "all" })
    #expect(others.contains { $0["operation"] as? String == "sgd" })
  }

  @Test func layersWithoutInexactAlgorithms() throws {
    let rows = try rows(Self.layers + ["--algorithms", "direct", "--tuning", "none"])
    #expect(rows.contains { $0["pass"] as? String == "backward_filter" })
  }

  @Test func theTableOfLayersIsNoWiderThanALine() throws {
    let result = try Command.run(Self.layers)
    #expect(result.status == 0, "\(result.error)")
    let lines = result.out.split(separator: "\n")
    #expect(lines.first?.contains("wrn-10-1, batch 2") == true)
    #expect(lines.contains { $0.hasPrefix("layer") && $0.contains("GFLOP/s") })
    // The line with the device's name is as long as that.
    #expect(lines.dropFirst().allSatisfy { $0.count <= 100 }, "\(result.out)")
  }

  @Test func figure4HasThePapersNumbersBesideOurs() throws {
    let rows = try rows(["bench", "figure4", "--batch", "1", "--steps", "1", "--no-tune"])
    #expect(
      rows.compactMap { $0["network"] as? String }
        == ["ResNet-164", "ResNet-1001", "WRN-40-4", "WRN-16-10", "WRN-28-10"])
    #expect(rows.compactMap { $0["paper_ms"] as? Double } == [85, 512, 68, 164, 312])
    for row in rows {
      let built = try #require(row["built"] as? Bool)
      #expect(built == (row["ms"] != nil))
      #expect(!built || (row["ms"] as? Double ?? 0) > 0)
    }
  }

  @Test func devicesWithPeaks() throws {
    let rows = try rows(["devices", "--peak"])
    for row in rows where row["usable"] as? Bool == true {
      let peak = try #require(row["peak"] as? [String: Any])
      #expect((peak["gflops"] as? Double ?? 0) > 0)
      #expect((peak["gbs"] as? Double ?? 0) > 0)
    }
    let text = try Command.run("devices", "--peak")
    #expect(text.status == 0 && text.out.contains("GFLOP/s"))
  }

  @Test func failures() throws {
    for arguments in [
      ["bench", "layers"], ["bench", "layers", "wrn-10"], ["bench", "figure4", "wrn-10-1"],
      ["bench", "layers", "wrn-10-1", "--steps", "0"],
      ["bench", "layers", "wrn-10-1", "--image", "8"], ["bench", "figure4", "--batch", "0"],
    ] { try expectFailure(64, arguments) }
    let none = ["OCL_ICD_VENDORS": "/nonexistent"]
    for arguments in [
      ["bench", "layers", "wrn-10-1"], ["bench", "figure4"], ["devices", "--peak"],
    ] { try expectFailure(69, arguments, environment: none) }
    try expectFailure(69, ["bench", "figure4", "--device", "99"])
  }
}
