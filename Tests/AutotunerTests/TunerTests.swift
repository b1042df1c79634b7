import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// Tuning on the device.
@Suite(.serialized)
struct TunerTests {
  private func tune(
    _ offered: [SquareOperation.Configuration], count: Int = 5000, journal: Journal? = nil,
    algorithms: Algorithms = .all, stop: @escaping () -> Bool = { false }
  ) throws -> TuningResult {
    let device = try SquareDevice()
    return try SquareOperation.$offered.withValue(offered) {
      try Tuner(
        queue: device.queue, journal: journal, algorithms: algorithms,
        surroundings: Tuner.Surroundings(stop: stop)
      ).tune(SquareOperation.self, SquareOperation.Problem(count: count))
    }
  }

  private func reason(
    _ configuration: SquareOperation.Configuration, in result: TuningResult
  ) -> String? {
    let row = result.rows.first { $0.configuration == configuration.description }
    if case .failed(let reason) = row?.outcome { return reason }
    return nil
  }

  @Test("what is wrong, writes past the end or does not build is a row and never chosen")
  func wrongCandidates() throws {
    let wrong: [SquareOperation.Configuration] = [
      .wrongValue, .pastTheEnd, .wrongAtFullSize, .changesInput, .noBuild, .noSuchKernel,
    ]
    let result = try tune([.plain] + wrong + [.twice])
    #expect(result.rows.count == 8 && result.isComplete)
    #expect(result.best?.configuration != nil && result.standard != nil)
    #expect(
      ["square_plain", "square_twice"].contains(try #require(result.best).configuration))
    for configuration in wrong { #expect(reason(configuration, in: result) != nil) }
    #expect(try #require(reason(.wrongValue, in: result)).contains("y[5]"))
    #expect(try #require(reason(.pastTheEnd, in: result)).contains("past the end of y"))
    #expect(try #require(reason(.wrongAtFullSize, in: result)).contains("the default gives"))
    #expect(try #require(reason(.changesInput, in: result)).contains("changed its input x"))
    #expect(try #require(reason(.noBuild, in: result)).contains("CL_BUILD_PROGRAM_FAILURE"))
    #expect(try #require(reason(.noSuchKernel, in: result)).contains("CL_INVALID_KERNEL_NAME"))
  }

  @Test("a default that is wrong is not what the others are compared with")
  func wrongDefault() throws {
    let result = try tune([.wrongValue, .plain, .wrongAtFullSize])
    #expect(result.best?.configuration == "square_plain")
    #expect(result.standard == nil && result.speedup == nil)
    #expect(reason(.wrongValue, in: result) != nil)
    #expect(reason(.wrongAtFullSize, in: result) != nil)
  }

  @Test("where nothing is right there is no result")
  func nothingIsRight() throws {
    let result = try tune([.wrongValue, .noBuild])
    #expect(result.best == nil && result.entries.isEmpty && result.rows.count == 2)
  }

  @Test("what takes much longer on the small problem does not run on the large one")
  func hopelessCandidate() throws {
    let result = try tune([.plain, .hopeless])
    #expect(result.rows.map(\.outcome).last == .slow(seconds: nil))
    #expect(result.best?.configuration == "square_plain")
  }

  @Test("the fastest exact one is kept beside an inexact winner; direct leaves that out")
  func exactness() throws {
    let all = try tune([.twice, .plain, .inexact])
    let configurations = all.entries.compactMap { $0.decoded(as: SquareOperation.self) }
      .map(\.configuration)
    #expect(configurations.contains { SquareOperation.isExact($0) })
    #expect(Set(all.rows.map(\.configuration)).contains("square_inexact"))
    let direct = try tune([.inexact, .plain], algorithms: .direct)
    #expect(direct.rows.map(\.configuration) == ["square_plain"])
  }

  @Test("stopping keeps what is found")
  func stop() throws {
    nonisolated(unsafe) var asked = 0
    let result = try tune(
      [.plain, .twice, .inexact],
      stop: {
        asked += 1
        return asked > 1
      })
    #expect(result.rows.map(\.configuration) == ["square_plain"])
    #expect(result.best?.configuration == "square_plain" && !result.isComplete)
    #expect(result.entries.allSatisfy { !$0.isComplete } && result.entries.count == 1)
  }

  @Test("candidates on the black list are not tried")
  func blacklist() throws {
    let folder = try ScratchFolder()
    let path = folder.file("journal")
    let info = try TestDevice().context.info
    let key = Journal.Key(
      device: info, operation: "square", problem: "5000", configuration: "square_twice")
    try Journal(path).begin(key)
    let result = try tune([.plain, .twice], journal: Journal(path))
    guard case .skipped = result.rows.last?.outcome else {
      Issue.record("\(result.rows)")
      return
    }
    #expect(result.best?.configuration == "square_plain")
    #expect(Journal.content(of: path).open == [key])
  }

  @Test("what a verification found wrong is not tried")
  func distrusted() throws {
    let folder = try ScratchFolder()
    let path = folder.file("journal")
    let info = try TestDevice().context.info
    let key = Journal.Key(
      device: info, operation: "square", problem: "7", configuration: "square_plain")
    do {
      let journal = try Journal(path)
      try journal.beginCheck(key)
      try journal.endCheck(key, failures: ["y[0] is 1"])
    }
    let result = try tune([.plain, .twice], journal: Journal(path))
    #expect(
      result.rows.first?.outcome == .skipped(reason: "'widecl verify' found it wrong"))
    #expect(result.best?.configuration == "square_twice" && result.standard == nil)
  }

  @Test("a journal that cannot be written ends the tuning")
  func fullDisk() throws {
    let folder = try ScratchFolder()
    let journal = try Journal(
      folder.file("journal"), files: FaultyFiles(failing: 3, .shortWrite))
    #expect(throws: TuningError.self) { try tune([.plain, .twice], journal: journal) }
  }

  @Test("operations of the project are tuned and their results are found again")
  func realOperations() throws {
    let device = try TestDevice()
    let tuner = Tuner(queue: device.queue)
    let info = device.context.info
    let fill = Fill.Problem(count: 100_003, value: 2)
    let sgd = SGD.Problem(count: 70_001, momentum: 0.9, nesterov: true, weightDecay: 5e-4)
    let results = [try tuner.tune(Fill.self, fill), try tuner.tune(SGD.self, sgd)]
    var database = TuningDatabase()
    for result in results {
      #expect(result.rows.count == result.candidates && result.isComplete)
      for row in result.rows {
        if case .failed(let reason) = row.outcome {
          Issue.record("\(row.configuration): \(reason)")
        }
      }
      #expect(try #require(result.speedup) > 0.5)
      database.replace(with: result.entries, on: info)
    }
    let chooser = TunedChooser([try TuningDatabase(json: database.json, path: "test")])
    let choice = chooser.choice(for: SGD.self, sgd, on: info)
    #expect(choice.source == .exact && choice.isComplete)
    #expect(choice.configuration.description == results[1].best?.configuration)
    var near = sgd
    near.count = 71_000
    #expect(chooser.choice(for: SGD.self, near, on: info).source == .nearest)
  }
}
