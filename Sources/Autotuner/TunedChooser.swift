import DeviceRuntime
import Synchronization

/// Picks the configurations that tuning found, from the exact problem to the safe default.
package final class TunedChooser: ConfigurationChooser {
  /// Where a configuration comes from, the best first.
  package enum Source: String, Comparable, Sendable, CaseIterable {
    /// Tuned for this problem, device and driver.
    case exact
    /// For the nearest problem on this device and driver.
    case nearest
    /// For this or the nearest problem on a device of the same class.
    case deviceClass
    /// The default: nothing that fits was found.
    case standard

    package static func < (a: Source, b: Source) -> Bool {
      guard let first = allCases.firstIndex(of: a), let second = allCases.firstIndex(of: b) else {
        return false
      }
      return first < second
    }
  }

  package struct Choice<Configuration: Sendable>: Sendable {
    package var configuration: Configuration
    package var source: Source
    /// Whether the search that found it reached its own end.
    package var isComplete: Bool
  }

  package let algorithms: Algorithms
  /// What is never chosen while there is another candidate.
  package let distrust: Distrust
  private let databases: [TuningDatabase]
  /// The entries of each operation in its types, made when they are first asked for.
  private let decoded = Mutex<[String: any Sendable]>([:])

  /// A chooser over several databases, the user's before the shipped ones.
  package init(
    _ databases: [TuningDatabase], algorithms: Algorithms = .all, distrust: Distrust = Distrust()
  ) {
    self.databases = databases
    self.algorithms = algorithms
    self.distrust = distrust
  }

  /// All results in one database, where the earlier of two databases counts.
  package var merged: TuningDatabase {
    var result = TuningDatabase()
    for database in databases.reversed() { result.merge(database) }
    return result
  }

  package func configuration<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo
  ) -> Operation.Configuration {
    choice(for: operation, problem, on: device).configuration
  }

  package func configuration<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo,
    besides wrong: Set<Operation.Configuration>
  ) -> Operation.Configuration? {
    let left = candidates(of: operation, for: problem, on: device).filter { !wrong.contains($0) }
    return choice(among: left, of: operation, for: problem, on: device)?.configuration
  }

  /// The configuration and where it comes from.
  ///
  /// Only one of the operation's own candidates is ever chosen, whatever a file says.
  package func choice<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo
  ) -> Choice<Operation.Configuration> {
    let candidates = candidates(of: operation, for: problem, on: device)
    guard let choice = choice(among: candidates, of: operation, for: problem, on: device) else {
      preconditionFailure("\(Operation.name) has no configuration for \(problem)")
    }
    return choice
  }

  private func candidates<Operation: TunableOperation>(
    of operation: Operation.Type, for problem: Operation.Problem, on device: DeviceInfo
  ) -> [Operation.Configuration] {
    distrust.trusted(
      algorithms.candidates(of: operation, for: problem, on: device), of: operation, for: problem,
      on: device)
  }

  /// The best of the candidates; nil where there is none.
  private func choice<Operation: TunableOperation>(
    among candidates: [Operation.Configuration], of operation: Operation.Type,
    for problem: Operation.Problem, on device: DeviceInfo
  ) -> Choice<Operation.Configuration>? {
    guard let standard = candidates.first else { return nil }
    let allowed = Set(candidates)
    let here = TuningDatabase.DeviceKey(device)
    var best: (rank: Rank, entry: Entry<Operation>)?
    for entry in entries(of: operation) where allowed.contains(entry.configuration) {
      guard let rank = rank(entry, for: problem, here: here) else { continue }
      if let current = best, current.rank <= rank { continue }
      best = (rank, entry)
    }
    guard let best else {
      return Choice(configuration: standard, source: .standard, isComplete: false)
    }
    return Choice(
      configuration: best.entry.configuration, source: best.rank.source,
      isComplete: best.entry.isComplete)
  }

  /// What makes one entry better than another, the smaller the better.
  private struct Rank: Comparable {
    var source: Source
    /// 0 for results of a device of the same name.
    var otherName: Int
    var distance: Double
    var database: Int
    var seconds: Double

    static func < (a: Rank, b: Rank) -> Bool {
      (a.source, a.otherName, a.distance, a.database, a.seconds)
        < (b.source, b.otherName, b.distance, b.database, b.seconds)
    }
  }

  private func rank<Operation: TunableOperation>(
    _ entry: Entry<Operation>, for problem: Operation.Problem, here: TuningDatabase.DeviceKey
  ) -> Rank? {
    let isHere = entry.device == here
    guard isHere || entry.device.isSameClass(as: here) else { return nil }
    let isExact = entry.problem == problem
    guard let distance = isExact ? 0 : Operation.distance(problem, entry.problem),
      distance.isFinite, distance >= 0, distance <= TunedChooser.reach(on: here)
    else { return nil }
    return Rank(
      source: !isHere ? .deviceClass : isExact ? .exact : .nearest,
      otherName: entry.device.name == here.name ? 0 : 1, distance: distance,
      database: entry.database, seconds: entry.seconds)
  }

  /// How far a result may be from a problem and still say more than the default.
  ///
  /// A CPU's default is ranked by a model of its cores, which knows other sizes better than a result
  /// of half or twice the size.
  private static func reach(on device: TuningDatabase.DeviceKey) -> Double {
    device.kind == .cpu ? 0.75 : .infinity
  }

  private struct Entry<Operation: TunableOperation>: Sendable {
    var device: TuningDatabase.DeviceKey
    var problem: Operation.Problem
    var configuration: Operation.Configuration
    var seconds: Double
    var isComplete: Bool
    var database: Int
  }

  private func entries<Operation: TunableOperation>(
    of operation: Operation.Type
  ) -> [Entry<Operation>] {
    if let known = decoded.withLock({ $0[Operation.name] }) as? [Entry<Operation>] { return known }
    var result: [Entry<Operation>] = []
    for (number, database) in databases.enumerated() {
      for results in database.devices {
        for entry in results.entries {
          guard let value = entry.decoded(as: operation) else { continue }
          result.append(
            Entry(
              device: results.device, problem: value.problem, configuration: value.configuration,
              seconds: entry.seconds, isComplete: entry.isComplete, database: number))
        }
      }
    }
    decoded.withLock { [result] in $0[Operation.name] = result }
    return result
  }
}
