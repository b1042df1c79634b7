import Autotuner
import Foundation
import Testing

/// Whole tuning sessions in simulation: `TuningSession`'s schedule and search, on what a device gave.
struct SessionTests {
  private static func tasks(_ model: String) throws -> [RecordedTask] {
    let url = try #require(
      Bundle.module.url(forResource: model, withExtension: "jsonl", subdirectory: "Spaces"))
    return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map {
      try JSONDecoder().decode(RecordedTask.self, from: Data($0.utf8))
    }
  }

  /// Seconds of the tasks in a step with their defaults, with what a session of `budget` seconds
  /// chooses, and with the fastest there is.
  private func step(
    _ tasks: [RecordedTask], budget: Double
  ) throws -> (standard: Double, tuned: Double, best: Double) {
    let clock = Replay.Clock()
    var chosen = tasks.map { _ in 0 }
    var found: [(operation: String, configuration: String)] = []
    try TuningSchedule(weights: tasks.map(\.weight), seconds: budget).run(now: { clock.seconds }) {
      task, seconds in
      let space = tasks[task].space
      let configurations = space.rows.map(\.configuration)
      let deadline = clock.seconds + seconds
      let hints = TuningSchedule.hints(
        known: configurations[0],
        found: found.filter { $0.operation == space.operation }.map(\.configuration))
      func isExact(_ candidate: Int) -> Bool {
        !configurations[candidate].hasPrefix("winograd")
      }
      var replay = Replay(space, clock: clock)
      let outcome = try Search.ranked.run(
        configurations, hints: hints.compactMap(configurations.firstIndex), evaluator: &replay,
        isExact: isExact, stop: { clock.seconds >= deadline })
      let winners = outcome.winners(isExact: isExact).map(\.candidate)
      chosen[task] = winners.first ?? 0
      found += winners.map { (space.operation, configurations[$0]) }
    }
    var result = (standard: 0.0, tuned: 0.0, best: 0.0)
    for (task, chosen) in zip(tasks, chosen) {
      let uses = Double(task.uses)
      result.standard += uses * (try #require(task.space.rows[0].seconds))
      result.tuned += uses * (try #require(task.space.rows[chosen].seconds))
      result.best += uses * (try #require(task.space.best))
    }
    return result
  }

  @Test(
    "a minute's tuning is within 10 % of trying every candidate that was recorded",
    arguments: ["wrn-16-1", "wrn-16-4"])
  func minute(model: String) throws {
    let tasks = try Self.tasks(model)
    let minute = try step(tasks, budget: 60)
    #expect(minute.tuned <= 1.1 * minute.best, "\(minute)")
    let hour = try step(tasks, budget: 3600)
    #expect(hour.tuned <= 1.03 * hour.best, "\(hour)")
    // There is something to find, for which seconds are too short.
    let seconds = try step(tasks, budget: 3)
    #expect(seconds.tuned > 1.1 * seconds.best, "\(seconds)")
  }

  @Test("heavy tasks get more of the time, which light ones get where it is not needed")
  func shares() {
    var now = 0.0
    var shares: [Double] = []
    TuningSchedule(weights: [60, 30, 9, 1], seconds: 100).run(now: { now }) { task, seconds in
      shares.append(seconds)
      now += task == 1 ? 0 : seconds
    }
    #expect(shares == [60, 30, 36, 4])
    now = 0
    shares = []
    TuningSchedule(weights: [1, 1, 1], seconds: 5).run(now: { now }) { _, seconds in
      shares.append(seconds)
      now += seconds
    }
    #expect(shares == [3, 2])
  }
}
