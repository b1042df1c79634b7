import Autotuner
import DeviceRuntime
import Foundation
import Operators
import TestSupport
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
      Set(report.keys) == [
        "model", "batch", "device", "peak_gflops", "peak_gbs", "peak_cache_gbs", "launch_us",
        "rows",
      ])
    for key in ["peak_gflops", "peak_gbs", "peak_cache_gbs", "launch_us"] {
      #expect((report[key] as? Double ?? 0) > 0, "\(key)")
    }
    return try #require(report["rows"] as? [[String: Any]])
  }

  @Test func layersHaveEveryConvolutionAndPass() throws {
    let rows = try rows(Self.layers)
    let keys = [
      "layer", "pass", "operation", "problem", "configuration", "ms", "gflops", "gbs",
      "percent_of_peak", "percent_of_peak_gbs", "launches", "flops", "percent_of_fma",
      "percent_of_launch",
    ]
    let counted = ["cache_bytes", "memory_bytes", "percent_of_cache", "percent_of_memory"]
    for row in rows {
      let isCounted = row["cache_bytes"] != nil
      #expect(Set(row.keys) == Set(keys + (isCounted ? counted : [])), "\(row)")
      for key in keys.suffix(3) + (isCounted ? counted : []) {
        #expect((row[key] as? Double ?? -1) >= 0, "\(key) of \(row)")
      }
      #expect((row["launches"] as? Int ?? 0) > 0, "\(row)")
    }
    // The defaults of a CPU are those that are counted.
    if try TestDevice().context.info.kind == .cpu {
      #expect(rows.allSatisfy { $0["cache_bytes"] != nil })
    }
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

  /// A file of results by which each pass of a 3x3 convolution on 8x8 maps is Winograd's.
  private func winogradResults() throws -> Data {
    let info = try TestDevice().context.info
    let shape = Conv2DShape(
      batch: 2, inHeight: 8, inWidth: 8, inChannels: 16, outChannels: 16, kernel: 3)
    var database = TuningDatabase()
    func add<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem
    ) throws {
      let candidates = Operation.candidates(for: problem, on: info)
      let configuration = try #require(candidates.first { !Operation.isExact($0) })
      let entry = TuningEntry(operation, problem, configuration, seconds: 1, isComplete: true)
      database.replace(with: [try #require(entry)], on: info)
    }
    try add(Conv2DForward.self, Conv2DForward.Problem(shape: shape))
    try add(Conv2DBackwardData.self, Conv2DBackwardData.Problem(shape: shape))
    try add(Conv2DBackwardFilter.self, Conv2DBackwardFilter.Problem(shape: shape))
    return Data(database.json)
  }

  @Test func layersWithoutInexactAlgorithms() throws {
    let folder = try TemporaryFolder()
    let results = folder.path("winograd.json")
    try winogradResults().write(to: URL(fileURLWithPath: results))
    for algorithms in ["all", "direct"] {
      let rows = try rows(Self.layers + ["--algorithms", algorithms, "--tuning", results])
      for pass in ["forward", "backward_data", "backward_filter"] {
        let configurations = rows.filter { $0["pass"] as? String == pass }
          .compactMap { $0["configuration"] as? String }
        try #require(!configurations.isEmpty)
        // Were there none with all algorithms, their absence would say nothing.
        #expect(
          configurations.contains { $0.hasPrefix("winograd") } == (algorithms == "all"),
          "\(algorithms), \(pass): \(configurations)")
      }
    }
  }

  @Test func theTableOfLayersIsNoWiderThanALine() throws {
    let result = try Command.run(Self.layers)
    #expect(result.status == 0, "\(result.error)")
    let lines = result.out.split(separator: "\n")
    #expect(lines.first?.contains("wrn-10-1, batch 2") == true)
    let columns = ["ms", "GFLOP/s", "%FMA", "%L2", "%DRAM", "%launch"]
    #expect(
      lines.contains { $0.split(separator: " ").suffix(6).map(String.init) == columns },
      "\(result.out)")
    // Below a layer's line, one for each of its passes.
    let first = try #require(lines.firstIndex { $0.contains(" 8x8 1->16 k3 s1") })
    for (line, pass) in zip(lines[(first + 1)...], ["forward", "filter"]) {
      let cells = line.split(separator: " ")
      #expect(cells.first.map(String.init) == pass && cells.count == 8, "\(line)")
      #expect(cells.suffix(6).allSatisfy { Double($0) != nil || $0 == "-" }, "\(line)")
    }
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
      #expect((peak["cache_gbs"] as? Double ?? 0) > 0)
      #expect((peak["launch_us"] as? Double ?? 0) > 0)
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
