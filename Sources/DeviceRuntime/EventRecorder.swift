/// Collects the events of a queue's launches, in order.
package final class EventRecorder {
  package private(set) var events: [Event] = []

  package init() {}

  package func record(_ event: Event) { events.append(event) }

  package func removeAll() { events.removeAll() }

  /// When each launch ran, in the order of the launches, which must be done.
  package func times() throws(CLError) -> [LaunchTime] {
    var times: [LaunchTime] = []
    for event in events {
      let (start, end) = try event.times()
      times.append(LaunchTime(name: event.name, start: start, end: end))
    }
    return times
  }

  /// How often and how long each name ran, the longest first; the launches must be done.
  package func summary() throws(CLError) -> [LaunchSummary] { LaunchSummary.of(try times()) }

  /// The idle time between each launch and the next, one fewer than launches, which must be done.
  package func gaps() throws(CLError) -> [LaunchGap] { LaunchGap.of(try times()) }
}

/// When one launch ran, in nanoseconds of the device's clock.
package struct LaunchTime: Hashable, Sendable {
  package var name: String
  package var start: UInt64
  package var end: UInt64

  package init(name: String, start: UInt64, end: UInt64) {
    self.name = name
    self.start = start
    self.end = end
  }

  package var milliseconds: Double { end > start ? Double(end - start) / 1e6 : 0 }
}

/// All launches of one name.
package struct LaunchSummary: Hashable, Sendable {
  package var name: String
  package var count: Int
  package var milliseconds: Double

  static func of(_ times: [LaunchTime]) -> [LaunchSummary] {
    Dictionary(grouping: times, by: \.name)
      .map { name, times in
        LaunchSummary(
          name: name, count: times.count,
          milliseconds: times.reduce(0) { $0 + $1.milliseconds })
      }
      .sorted { ($1.milliseconds, $0.name) < ($0.milliseconds, $1.name) }
  }
}

/// The time in which the device did nothing between two launches.
package struct LaunchGap: Hashable, Sendable {
  /// The launch that ended.
  package var previous: String
  /// The launch that began.
  package var next: String
  /// 0 where the two overlap.
  package var milliseconds: Double

  static func of(_ times: [LaunchTime]) -> [LaunchGap] {
    zip(times, times.dropFirst()).map { previous, next in
      LaunchGap(
        previous: previous.name, next: next.name,
        milliseconds: next.start > previous.end ? Double(next.start - previous.end) / 1e6 : 0)
    }
  }
}
