import DeviceRuntime

/// Checks operations' configurations against their references on one device.
package final class ConformanceSuite {
  private let work: VerificationWork
  private let makeQueue: () throws -> Queue
  private var queue: Queue
  private let tuned: TuningDatabase
  private let shipped: TuningDatabase
  private let journal: Journal?

  /// A suite that notes what it finds in `journal`.
  ///
  /// `makeQueue` gives a queue in a context of its own; `tuned` and `shipped` hold configurations
  /// that are checked whatever the sample is.
  package init(
    _ work: VerificationWork, tuned: TuningDatabase = TuningDatabase(),
    shipped: TuningDatabase = TuningDatabase(), journal: Journal? = nil,
    makeQueue: @escaping () throws -> Queue
  ) throws {
    self.work = work
    self.tuned = tuned
    self.shipped = shipped
    self.journal = journal
    self.makeQueue = makeQueue
    queue = try makeQueue()
  }

  /// Checks one operation; nil when `stop` ended it early.
  ///
  /// A failure, of the driver too, is a line of the result; only a journal that cannot be written
  /// and a device that is lost throw. `report` gets the number of checks so far.
  package func run<Operation: TunableOperation>(
    _ operation: Operation.Type, stop: () -> Bool = { false }, report: (Int) -> Void = { _ in }
  ) throws -> VerificationResult? {
    let info = queue.context.info
    let favourites = favourites(of: operation)
    var result = VerificationResult(operation: Operation.name)
    var generator = ExampleGenerator(seed: work.seed)
    for (number, problem) in problems(of: operation, favourites).enumerated() {
      let chosen = choice(for: problem, favourites, &generator)
      if chosen.isEmpty && work.configuration == nil {
        result.failures.append(
          VerificationResult.Failure(
            operation: Operation.name, problem: problem.description, configuration: "none",
            reason: "there is no configuration for it on this device"))
      }
      guard !chosen.isEmpty else { continue }
      result.problems += 1
      // Made when they are first needed: after a crash most are not.
      var cases: [ConformanceCase<Operation>] = []
      for (configuration, role) in chosen {
        if stop() { return nil }
        let key = Journal.Key(
          device: info, operation: Operation.name, problem: problem.description,
          configuration: configuration.description)
        let failures: [String]
        if let journal, journal.blacklist.contains(key) {
          failures = ["it crashed or hung the process"]
        } else if let known = journal?.verdict(key) {
          failures = known
        } else {
          if cases.isEmpty {
            cases = [ExampleKind.integers, .random].map {
              ConformanceCase(operation, problem, kind: $0, seed: UInt64(number + 1))
            }
          }
          try journal?.beginCheck(key)
          failures = try check(configuration, cases)
          try journal?.endCheck(key, failures: failures)
        }
        result.add(
          configuration.description, role, problem: problem.description, failures: failures)
        report(result.checks)
      }
      queue.context.releasePrograms()
    }
    return result
  }

  private func check<Operation: TunableOperation>(
    _ configuration: Operation.Configuration, _ cases: [ConformanceCase<Operation>]
  ) throws -> [String] {
    func line(_ error: any Error) -> String {
      "\(error)".split(whereSeparator: \.isNewline).prefix(3).joined(separator: " | ")
    }
    var failures: [String] = []
    for example in cases {
      do {
        try example.check(configuration, on: queue, isBare: work.areBuffersBare)
      } catch let error as ConformanceFailure {
        failures.append(line(error))
      } catch {
        failures.append(line(error))
        // After a failed kernel, some drivers refuse everything in its context.
        queue = try makeQueue()
        break
      }
    }
    return failures
  }

  // MARK: - What is checked

  /// A configuration that is in use: of the user's tuning or of the shipped results.
  private struct Favourite<Operation: TunableOperation> {
    var problem: Operation.Problem
    var configuration: Operation.Configuration
    var role: VerificationResult.Role
  }

  private func favourites<Operation: TunableOperation>(
    of operation: Operation.Type
  ) -> [Favourite<Operation>] {
    let here = TuningDatabase.DeviceKey(queue.context.info)
    var result: [Favourite<Operation>] = []
    for (role, database) in [(VerificationResult.Role.tuned, tuned), (.shipped, shipped)] {
      for device in database.devices
      where device.device == here || device.device.isSameClass(as: here) {
        for entry in device.entries {
          guard let value = entry.decoded(as: operation) else { continue }
          result.append(
            Favourite(problem: value.problem, configuration: value.configuration, role: role))
        }
      }
    }
    return result
  }

  /// The examples, and what stands for the shipped results' problems in a check.
  private func problems<Operation: TunableOperation>(
    of operation: Operation.Type, _ favourites: [Favourite<Operation>]
  ) -> [Operation.Problem] {
    func size(_ problem: Operation.Problem) -> Double {
      let cost = Operation.cost(problem)
      return max(cost.flops, cost.bytes)
    }
    // The user's file may be somebody else's, and hold sizes that nobody can compute.
    let shipped = favourites.filter { $0.role == .shipped }.map {
      Operation.checkProblem(for: $0.problem)
    }
    var seen: Set<Operation.Problem> = []
    let all = (Operation.exampleProblems + shipped).filter { seen.insert($0).inserted }
    guard let largest = work.largest else { return all }
    let small = all.filter { size($0) <= largest }
    return small.isEmpty ? Array(all.sorted { size($0) < size($1) }.prefix(1)) : small
  }

  private func choice<Operation: TunableOperation>(
    for problem: Operation.Problem, _ favourites: [Favourite<Operation>],
    _ generator: inout ExampleGenerator
  ) -> [(Operation.Configuration, VerificationResult.Role)] {
    let device = queue.context.info
    var candidates = work.algorithms.candidates(of: Operation.self, for: problem, on: device)
    var roles: [Operation.Configuration: VerificationResult.Role] = [:]
    for favourite in favourites.reversed() {
      let counterpart = Operation.checkConfiguration(favourite.configuration, for: problem)
      roles[counterpart] = favourite.role
      // What fits a large problem best is no candidate for a small one, but computes it.
      if !candidates.contains(counterpart),
        work.algorithms == .all || Operation.isExact(counterpart),
        Operation.accepts(counterpart, for: problem, on: device)
      {
        candidates.append(counterpart)
      }
    }
    if let standard = candidates.first { roles[standard] = .standard }
    let wanted = candidates.filter {
      guard let part = work.configuration else { return true }
      return $0.description.contains(part)
    }
    var others = wanted.filter { roles[$0] == nil }
    if let sample = work.sample {
      others = Array(others.shuffled(using: &generator).prefix(sample))
    }
    return wanted.compactMap { candidate in roles[candidate].map { (candidate, $0) } }
      + others.map { ($0, .other) }
  }
}
