import Autotuner
import Foundation
import Testing

/// The search in simulation.
struct SearchTests {
  /// A space of 4 algorithms with 5 fields, with one valley and some noise over it.
  private static func space(seed: UInt64) -> RecordedSpace {
    var generator = ExampleGenerator(seed: seed)
    var rows: [RecordedSpace.Row] = []
    let target = (
      Int.random(in: 0..<5, using: &generator), Int.random(in: 0..<4, using: &generator),
      Int.random(in: 0..<4, using: &generator)
    )
    for (kind, factor) in [("tile", 3.0), ("local", 9), ("winograd2", 1.6), ("winograd4", 1)] {
      for (i, m) in [4, 6, 8, 12, 14].enumerated() {
        for (j, n) in [1, 2, 3, 4].enumerated() {
          for (k, images) in [1, 2, 4, 8].enumerated() {
            let away = Double(
              abs(i - target.0) + 2 * abs(j - target.1) + abs(k - target.2))
            let noise = Double.random(in: 0.97...1.03, using: &generator)
            rows.append(
              RecordedSpace.Row(
                configuration: "\(kind)_n\(images)_im\(m)_in\(n)_v16",
                seconds: (i + j + k) % 11 == 10
                  ? nil : 1e-3 * factor * (1 + 0.15 * away) * noise))
          }
        }
      }
    }
    return RecordedSpace(operation: "made up", problem: "\(seed)", rows: rows)
  }

  private func found(
    _ space: RecordedSpace, seed: UInt64 = 1, noise: Double = 0
  ) throws -> (ratio: Double, evaluations: Int) {
    var search = Search()
    search.seed = seed
    var replay = Replay(space, noise: noise, seed: seed)
    let outcome = try search.run(space.rows.map(\.configuration), evaluator: &replay)
    let winner = try #require(outcome.ranking.first).candidate
    let best = try #require(space.best)
    return (try #require(space.rows[winner].seconds) / best, outcome.evaluations)
  }

  @Test("finds a candidate within 5 % of the best in a third of the evaluations")
  func largeSpaces() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let space = Self.space(seed: seed)
      let result = try found(space, seed: seed)
      #expect(result.ratio <= 1.05, "seed \(seed)")
      #expect(result.evaluations <= space.rows.count / 3)
    }
  }

  private static var recordedSpaces: [String] {
    (Bundle.module.urls(forResourcesWithExtension: "json", subdirectory: "Spaces") ?? [])
      .compactMap(\.lastPathComponent).sorted()
  }

  @Test("does so on spaces that a device gave", arguments: recordedSpaces)
  func recordedSpace(name: String) throws {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Spaces"))
    let space = try JSONDecoder().decode(RecordedSpace.self, from: Data(contentsOf: url))
    #expect(space.rows.count > 32)
    let exact = try (1...20 as ClosedRange<UInt64>).map { try found(space, seed: $0) }
    #expect(exact.allSatisfy { $0.evaluations <= max(32, space.rows.count / 3) })
    #expect(exact.map(\.ratio).sorted()[17] <= 1.05)
    // What a noisy clock hides cannot be found each time.
    let noisy = try (1...20 as ClosedRange<UInt64>).map {
      try found(space, seed: $0, noise: 0.05).ratio
    }.sorted()
    #expect(noisy[10] <= 1.05 && noisy[19] <= 1.25)
  }

  /// Times in the order of a model: candidate 12 is the fastest, 2 % ahead of the third.
  private static let ranked = RecordedSpace(
    operation: "made up", problem: "ranked",
    rows: (0..<100).map {
      RecordedSpace.Row(
        configuration: "tile_im\($0)", seconds: [2: 1.0, 12: 0.98][$0] ?? 1.2 + 0.001 * Double($0))
    })

  @Test("a ranked space is tried in its order until nothing more is gained")
  func rankedSpace() throws {
    let search = Search.ranked
    var replay = Replay(Self.ranked)
    let outcome = try search.run(Self.ranked.rows.map(\.configuration), evaluator: &replay)
    #expect(replay.tried == Array(0...10))
    #expect(outcome.ranking.first?.candidate == 2 && outcome.isComplete)
    // Hints come after the default and wear no patience out.
    replay = Replay(Self.ranked)
    _ = try search.run(
      Self.ranked.rows.map(\.configuration), hints: [12, 50], evaluator: &replay)
    #expect(Array(replay.tried.prefix(4)) == [0, 12, 50, 1])
  }

  @Test("the default stays where the gain is smaller than a clock's noise")
  func smallGains() throws {
    func winner(_ seconds: [Double]) throws -> Int? {
      let space = RecordedSpace(
        operation: "made up", problem: "",
        rows: seconds.enumerated().map { .init(configuration: "im\($0)", seconds: $1) })
      var replay = Replay(space)
      return try Search().run(space.rows.map(\.configuration), evaluator: &replay)
        .ranking.first?.candidate
    }
    #expect(try winner([1, 0.98, 0.99]) == 0)
    #expect(try winner([1, 0.96, 0.99]) == 1)
  }

  @Test("there are recorded spaces") func spacesAreThere() { #expect(!Self.recordedSpaces.isEmpty) }

  @Test("a small space is tried whole, the default first")
  func smallSpace() throws {
    var space = Self.space(seed: 1)
    space.rows = Array(space.rows.prefix(20))
    var replay = Replay(space)
    let outcome = try Search().run(space.rows.map(\.configuration), evaluator: &replay)
    #expect(outcome.evaluations == 20 && Set(replay.tried).count == 20 && replay.tried[0] == 0)
    #expect(space.rows[try #require(outcome.ranking.first).candidate].seconds == space.best)
  }

  @Test("a budget ends the search and what was found is kept")
  func budget() throws {
    var space = Self.space(seed: 3)
    for index in space.rows.indices { space.rows[index].preparation = 0.5 }
    let clock = Replay.Clock()
    var replay = Replay(space, clock: clock)
    let outcome = try Search().run(
      space.rows.map(\.configuration), evaluator: &replay, stop: { clock.seconds >= 3 })
    #expect(outcome.evaluations == 6 && !outcome.isComplete)
    #expect(clock.seconds < 4)
    let fastest = try #require(
      replay.tried.prefix(6).compactMap { space.rows[$0].seconds }.min())
    #expect(outcome.ranking.first?.seconds == fastest)
    #expect(outcome.ranking.contains { $0.candidate == 0 })
  }

  @Test("rejected candidates are never chosen, and all may be rejected")
  func rejectedCandidates() throws {
    var space = Self.space(seed: 5)
    for index in space.rows.indices where index % 3 != 1 { space.rows[index].seconds = nil }
    let result = try found(space)
    #expect(result.ratio <= 1.5)
    for index in space.rows.indices { space.rows[index].seconds = nil }
    var replay = Replay(space)
    let outcome = try Search().run(space.rows.map(\.configuration), evaluator: &replay)
    #expect(outcome.ranking.isEmpty && outcome.isComplete)
    #expect(outcome.evaluations == space.rows.count / 3)
  }

  @Test("hints are tried right after the default")
  func hints() throws {
    let space = Self.space(seed: 2)
    var replay = Replay(space)
    _ = try Search().run(
      space.rows.map(\.configuration), hints: [77, 200, 77, 9999], evaluator: &replay)
    #expect(replay.tried.prefix(3) == [0, 77, 200])
    #expect(Set(replay.tried).count == replay.tried.count)
  }

  @Test("a space of one and of none")
  func tinySpaces() throws {
    var space = Self.space(seed: 2)
    space.rows = Array(space.rows.prefix(1))
    var replay = Replay(space)
    #expect(
      try Search().run(space.rows.map(\.configuration), evaluator: &replay).ranking.count == 1)
    #expect(try Search().run([], evaluator: &replay).ranking.isEmpty)
  }
}
