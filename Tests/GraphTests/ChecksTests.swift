import Autotuner
import DeviceRuntime
import Foundation
import Graph
import TestSupport
import Testing

/// Checks of what a run is about to use.
@Suite(.serialized)
struct ChecksTests {
  private final class Lines {
    var all: [String] = []
  }

  /// WRN-10-1's evaluation on kernels of which some are changed.
  private func run(
    _ checks: Checks?, kernels: PatchedKernels? = nil,
    network: Network = TinyNetworks.wideResNet(), mode: PlanMode = .evaluation
  ) throws -> NetworkRun {
    let test = try TestDevice()
    let context = try test.manager.makeContext(
      on: test.context.device, kernels: KernelLibrary(directory: kernels?.url))
    return try Checks.checked(
      checks, on: context, chooser: DefaultChooser(), executors: { [$0.executor] }
    ) {
      try NetworkRun(
        network, mode: mode, optimizer: mode == .training ? NetworkRun.optimizer : nil,
        context: context, chooser: $0)
    }
  }

  private func checks(_ record: CheckRecord, _ lines: Lines, isFresh: Bool = false) -> Checks {
    Checks(record: record, isFresh: isFresh, report: { lines.all.append($0) })
  }

  /// Global average pools that are wrong where a work-item takes `items` vectors of channels.
  private func wrongPools(items: String) throws -> PatchedKernels {
    try PatchedKernels(
      "pool/global_average_pool.cl", replacing: "/ (float)pixels",
      with: "/ ((float)pixels + (ITEM_N \(items) ? 0.5f : 0.0f))")
  }

  @Test("each distinct operation is checked once, and never again with the same record")
  func onlyOnce() throws {
    let record = CheckRecord()
    let (first, second) = (Lines(), Lines())
    let checks = checks(record, first)
    let executor = try run(checks, mode: .training).executor
    let distinct = Set(
      executor.plan.steps.map { "\($0.operation.name) \($0.operation.problemText)" })
    #expect(checks.outcomes.count == distinct.count && distinct.count > 20)
    #expect(first.all.count == 1)
    #expect(first.all[0].hasPrefix("checked \(distinct.count) operations in "))
    let again = self.checks(record, second)
    _ = try run(again, mode: .training)
    #expect(again.outcomes.isEmpty && second.all.isEmpty && again.operationCount == distinct.count)
    let fresh = self.checks(record, second, isFresh: true)
    _ = try run(fresh, mode: .training)
    #expect(fresh.outcomes.count == distinct.count)
  }

  @Test("every layer there is passes, in training and evaluation")
  func everyLayer() throws {
    for network in [
      TinyNetworks.wideResNet(dropout: 0.3), TinyNetworks.postactivation(survival: 0.5),
      TinyNetworks.bottleneck(), TinyNetworks.withoutNormalization(), TinyNetworks.plain(),
      TinyNetworks.entangled(),
    ] {
      for mode in [PlanMode.training, .evaluation] {
        let lines = Lines()
        _ = try run(checks(CheckRecord(), lines), network: network, mode: mode)
        #expect(lines.all.count == 1, "\(lines.all)")
      }
    }
  }

  @Test("a wrong configuration is told, remembered, and the next one is taken")
  func nextConfiguration() throws {
    let kernels = try wrongPools(items: "== 4")
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "widecl-checks-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "checks.jsonl").path
    let lines = Lines()
    let checks = checks(CheckRecord(path: path), lines)
    let replaced = try run(checks, kernels: kernels)
    #expect(lines.all.count == 2, "\(lines.all)")
    #expect(lines.all[0].contains("global_average_pool_forward [4x4x64] v16_in4_"))
    #expect(lines.all[0].contains("y[0] is") && lines.all[0].contains("not used here any more"))
    #expect(checks.replacements.map(\.operation) == ["global_average_pool_forward"])
    #expect(
      replaced.executor.configurations.contains { $0.hasPrefix("v16_in1_") },
      "\(replaced.executor.configurations)")
    // Another process, by the file alone.
    let (later, unchecked) = (Lines(), try run(nil, kernels: kernels))
    let second = self.checks(CheckRecord(path: path), later)
    let found = try run(second, kernels: kernels)
    #expect(!later.all.contains { $0.contains("wrong") }, "\(later.all)")
    #expect(second.replacements.count == 1)
    #expect(found.executor.configurations == replaced.executor.configurations)
    #expect(found.executor.configurations != unchecked.executor.configurations)
    // With kernels that are right again, the first one is.
    let right = try run(self.checks(CheckRecord(path: path), Lines()))
    #expect(right.executor.configurations == unchecked.executor.configurations)
    // The answers are those of kernels that are right.
    #expect(try found.loss() == run(nil).loss())
  }

  @Test("where no configuration is right, the error says so", arguments: [false, true])
  func noneIsRight(isFresh: Bool) throws {
    let kernels = try wrongPools(items: ">= 0")
    let lines = Lines()
    let error = try #require(throws: CheckError.self) {
      try run(checks(CheckRecord(), lines, isFresh: isFresh), kernels: kernels)
    }
    #expect(error.description.contains("global_average_pool_forward [4x4x64]"))
    #expect(error.description.contains("no configuration is right"))
    #expect(lines.all.count > 1, "every candidate was tried: \(lines.all)")
  }

  @Test("the record tells apart what changes a compiler")
  func keys() throws {
    let info = try TestDevice().context.info
    func digest(_ environment: [String: String]) -> String {
      info.compilerDigest(environment: environment)
    }
    #expect(digest([:]) == digest(["HOME": "/", "WIDECL_DEVICE": "0"]))
    #expect(digest([:]) != digest(["POCL_WORK_GROUP_METHOD": "cbs"]))
    #expect(digest(["IGC_X": "1"]) != digest(["IGC_X": "2"]))
    var other = info
    other.driver += "1"
    #expect(other.compilerDigest(environment: [:]) != digest([:]))
  }

  @Test("a damaged or unwritable record is none")
  func damagedRecord() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "widecl-checks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "checks.jsonl").path
    try Data("{\"key\": 1}\nnot json\n{\"key\":{\"oper".utf8).write(to: URL(filePath: path))
    let lines = Lines()
    _ = try run(checks(CheckRecord(path: path), lines))
    #expect(lines.all.count == 1)
    let again = checks(CheckRecord(path: path), lines)
    _ = try run(again)
    #expect(again.outcomes.isEmpty, "appended behind what is damaged")
    _ = try run(checks(CheckRecord(path: folder.path + "/checks.jsonl/none"), lines))
    #expect(lines.all.count == 2)
  }
}
