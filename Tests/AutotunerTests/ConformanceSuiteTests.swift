import Autotuner
import DeviceRuntime
import TestSupport
import Testing

/// Verification on the device, of an operation with candidates that are wrong on purpose.
@Suite(.serialized)
struct ConformanceSuiteTests {
  private let device = Result { try SquareDevice() }

  private func verify(
    _ offered: [SquareOperation.Configuration],
    _ work: VerificationWork = VerificationWork(operations: ["square"]),
    tuned: TuningDatabase = TuningDatabase(), shipped: TuningDatabase = TuningDatabase(),
    journal: Journal? = nil, queues: ((Int) -> Void)? = nil
  ) throws -> VerificationResult {
    let device = try device.get()
    var count = 0
    return try SquareOperation.$offered.withValue(offered) {
      let suite = try ConformanceSuite(
        work, tuned: tuned, shipped: shipped, journal: journal
      ) {
        count += 1
        return device.queue
      }
      let result = try #require(try suite.run(SquareOperation.self))
      queues?(count)
      return result
    }
  }

  @Test("what is wrong, writes past the end or does not build is listed; the rest is trusted")
  func failures() throws {
    let wrong: [SquareOperation.Configuration] = [
      .wrongValue, .pastTheEnd, .changesInput, .noBuild,
    ]
    var queues = 0
    let result = try verify([.plain] + wrong + [.twice], queues: { queues = $0 })
    #expect(result.problems == 1 && result.checks == 6)
    #expect(Set(result.failures.map(\.configuration)) == Set(wrong.map(\.description)))
    #expect(result.trusted(.standard) == (1, 1) && result.trusted(.other) == (1, 5))
    #expect(result.failures.contains { $0.reason.contains("y[5]") })
    // A driver may refuse everything after an error: the next one gets a context of its own.
    #expect(queues == 2)
  }

  @Test("a default that is wrong is not trusted, and none at all is a failure")
  func defaults() throws {
    #expect(try verify([.wrongValue, .plain]).trusted(.standard) == (0, 1))
    #expect(try verify([]).failures.map(\.configuration) == ["none"])
  }

  @Test("what is in use is checked whatever the sample is")
  func favourites() throws {
    let info = try device.get().queue.context.info
    let work = VerificationWork(operations: ["square"], sample: 0)
    let tuned = try TuningDatabase([(info, 5000, .twice, 1)])
    let shipped = try TuningDatabase([(info, 5000, .wrongAtFullSize, 1)])
    let result = try verify(
      [.plain, .twice, .wrongAtFullSize, .wrongValue], work, tuned: tuned, shipped: shipped)
    // The example, and what stands for the shipped result's problem.
    #expect(result.problems == 2 && result.checks == 6 && result.failures.isEmpty)
    #expect(result.trusted(.tuned) == (1, 1) && result.trusted(.shipped) == (1, 1))
    #expect(result.trusted(.other) == (0, 0))
    let elsewhere = try TuningDatabase([(.madeUp("another", platform: "another"), 10, .twice, 1)])
    #expect(try verify([.plain, .twice], work, tuned: elsewhere).checks == 1)
  }

  @Test("a seed gives the same sample again, and a part keeps to what is asked for")
  func selection() throws {
    let offered: [SquareOperation.Configuration] = [
      .plain, .twice, .inexact, .wrongAtFullSize, .hopeless,
    ]
    func names(_ seed: UInt64) throws -> [String] {
      try verify(offered, VerificationWork(operations: [], sample: 1, seed: seed))
        .configurations.keys.sorted()
    }
    let samples = try (1...8).map { try names($0) }
    #expect(try (1...8).map { try names($0) } == samples)
    #expect(Set(samples).count > 1 && samples.allSatisfy { $0.count == 2 })
    let part = try verify(offered, VerificationWork(operations: [], configuration: "FullSize"))
    #expect(Array(part.configurations.keys) == ["square_wrongAtFullSize"])
    // The smallest problem remains.
    #expect(try verify(offered, VerificationWork(operations: [], largest: 1)).problems == 1)
  }

  @Test("buffers without guards give the same results")
  func bareBuffers() throws {
    let work = VerificationWork(operations: [], areBuffersBare: true)
    let result = try verify([.plain, .wrongValue], work)
    #expect(result.failures.map(\.configuration) == ["square_wrongValue", "square_wrongValue"])
  }

  @Test("a process that takes over repeats nothing, and names what ended the one before it")
  func continuation() throws {
    let folder = try ScratchFolder()
    let path = folder.file("journal")
    let info = try device.get().queue.context.info
    func key(_ configuration: SquareOperation.Configuration) -> Journal.Key {
      Journal.Key(
        device: info, operation: "square", problem: "10",
        configuration: configuration.description)
    }
    do {
      let journal = try Journal(path)
      try journal.beginCheck(key(.wrongValue))
      // Its kernel would say otherwise.
      try journal.endCheck(key(.wrongValue), failures: [])
      try journal.beginCheck(key(.twice))
    }
    let result = try verify([.plain, .wrongValue, .twice], journal: Journal(path))
    #expect(result.failures.map(\.configuration) == ["square_twice"])
    #expect(result.failures.first?.reason == "it crashed or hung the process")
    let content = Journal.content(of: path)
    #expect(content.wrong == [key(.twice)] && content.open == [key(.twice)])
    #expect(content.verdicts[key(.plain)] == [])
  }
}
