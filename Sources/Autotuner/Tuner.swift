import DeviceRuntime
import Dispatch

/// Finds the fastest right configuration of an operation for a problem on a device.
package struct Tuner {
  /// What is asked and told while it works.
  package struct Surroundings {
    /// Seconds of a clock that runs evenly.
    package var now: () -> Double
    /// Whether to end with what is found so far.
    package var stop: () -> Bool
    /// Called after each candidate with the number of those tried and of those that will be, and
    /// the best time so far.
    package var report: (_ tried: Int, _ limit: Int, _ best: Double?) -> Void

    package init(
      now: @escaping () -> Double = { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 },
      stop: @escaping () -> Bool = { false },
      report: @escaping (_ tried: Int, _ limit: Int, _ best: Double?) -> Void = { _, _, _ in }
    ) {
      self.now = now
      self.stop = stop
      self.report = report
    }
  }

  private let queue: Queue
  private let journal: Journal?
  private let algorithms: Algorithms
  private let products: BLAS.Parameters
  private let chooser: any ConfigurationChooser
  private let surroundings: Surroundings
  package var search = Search()

  /// A tuner that notes its tries in `journal`, where there is one; `products` says how CLBlast
  /// computes products, `chooser` how nested operations are computed.
  package init(
    queue: Queue, journal: Journal? = nil, algorithms: Algorithms = .all,
    products: BLAS.Parameters = .own, chooser: any ConfigurationChooser = DefaultChooser(),
    surroundings: Surroundings = Surroundings()
  ) {
    self.queue = queue
    self.journal = journal
    self.algorithms = algorithms
    self.products = products
    self.chooser = chooser
    self.surroundings = surroundings
    // A CPU's candidates are ranked by a model of its cores.
    if queue.context.info.kind != .gpu { search.patience = 8 }
  }

  /// Tries candidates until the search is done, or for `seconds` at most.
  ///
  /// `hints` are configurations that are fast for similar problems. What a driver or a wrong kernel
  /// causes is a row of the result; only a journal that cannot be written and a lost device throw.
  package func tune<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    hints: [Operation.Configuration] = [], seconds: Double = .infinity
  ) throws -> TuningResult {
    let deadline = surroundings.now() + seconds
    let device = queue.context.info
    let candidates = algorithms.candidates(of: operation, for: problem, on: device)
    let limit = search.evaluationLimit(candidates.count)
    var tried = 0
    var best: Double?
    var evaluator = DeviceEvaluator(
      operation, problem, candidates: candidates, products: products, chooser: chooser,
      queue: queue, journal: journal
    ) { row in
      tried += 1
      if case .measured(let seconds) = row.outcome { best = min(best ?? seconds, seconds) }
      surroundings.report(tried, limit, best)
    }
    let outcome = try search.run(
      candidates.map(\.description), hints: hints.compactMap { candidates.firstIndex(of: $0) },
      evaluator: &evaluator,
      mustCompare: { times in
        // The two fastest exact ones, for `--algorithms direct`.
        Array(
          times.filter { Operation.isExact(candidates[$0.key]) }
            .sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key).prefix(2))
      },
      stop: { surroundings.stop() || surroundings.now() >= deadline })
    queue.context.releasePrograms()
    return result(
      operation, problem, candidates: candidates, outcome: outcome, rows: evaluator.rows)
  }

  private func result<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    candidates: [Operation.Configuration], outcome: Search.Outcome, rows: [TuningRow]
  ) -> TuningResult {
    let cost = Operation.cost(problem)
    let best = outcome.ranking.first
    let exact = outcome.ranking.first { Operation.isExact(candidates[$0.candidate]) }
    var chosen = best.map { [$0] } ?? []
    if let exact, exact.candidate != best?.candidate { chosen.append(exact) }
    func timing(_ item: (candidate: Int, seconds: Double)?) -> TuningResult.Timing? {
      item.map {
        TuningResult.Timing(
          configuration: candidates[$0.candidate].description, seconds: $0.seconds)
      }
    }
    return TuningResult(
      operation: Operation.name, problem: problem.description, best: timing(best),
      standard: timing(outcome.ranking.first { $0.candidate == 0 }),
      gflops: best.map { cost.flops / $0.seconds * 1e-9 } ?? 0,
      gigabytesPerSecond: best.map { cost.bytes / $0.seconds * 1e-9 } ?? 0,
      candidates: candidates.count, isComplete: outcome.isComplete, rows: rows,
      entries: chosen.compactMap {
        TuningEntry(
          operation, problem, candidates[$0.candidate], seconds: $0.seconds,
          isComplete: outcome.isComplete)
      })
  }
}

/// Builds, checks and times candidates on a device.
private struct DeviceEvaluator<Operation: TunableOperation>: CandidateEvaluator {
  private let problem: Operation.Problem
  private let candidates: [Operation.Configuration]
  private let products: BLAS.Parameters
  private let chooser: any ConfigurationChooser
  private let queue: Queue
  private let journal: Journal?
  private let report: (TuningRow) -> Void
  private let check: CandidateCheck<Operation>
  private var bench: Workbench<Operation>?
  /// The shortest run on the small problem.
  private var bestSmall: Double?
  private(set) var rows: [TuningRow] = []

  init(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    candidates: [Operation.Configuration], products: BLAS.Parameters,
    chooser: any ConfigurationChooser, queue: Queue, journal: Journal?,
    report: @escaping (TuningRow) -> Void
  ) {
    self.problem = problem
    self.candidates = candidates
    self.products = products
    self.chooser = chooser
    self.queue = queue
    self.journal = journal
    self.report = report
    check = CandidateCheck(operation, problem, queue: queue)
  }

  mutating func measure(_ candidate: Int, best: Double?) throws -> Double? {
    let configuration = candidates[candidate]
    let key = Journal.Key(
      device: queue.context.info, operation: Operation.name, problem: problem.description,
      configuration: configuration.description)
    let outcome: TuningRow.Outcome
    if let journal, journal.blacklist.contains(key) {
      outcome = .skipped(reason: "it ended the process before")
    } else if let journal, journal.distrust.isWrong(key) {
      outcome = .skipped(reason: "'widecl verify' found it wrong")
    } else if let known = journal?.outcome(key), candidate != 0 {
      // The default is tried again in any case: the others are compared with its outputs.
      outcome = known
    } else {
      try journal?.begin(key)
      outcome = try attempt(candidate, best: best)
      try journal?.end(key, outcome)
    }
    let row = TuningRow(configuration: configuration.description, outcome: outcome)
    rows.append(row)
    report(row)
    if case .measured(let seconds) = outcome { return seconds }
    if candidate == 0 { check.useFullSize() }
    return nil
  }

  private mutating func attempt(_ candidate: Int, best: Double?) throws -> TuningRow.Outcome {
    do { return try checkedTime(candidate, best: best) } catch {
      // Nothing else would work in this process. Without an end in the journal, the candidate goes
      // on the black list as one that crashed does.
      if let error = error as? CLError, error.isDeviceLost { throw error }
      return .failed(reason: reason(error))
    }
  }

  private func reason(_ error: any Error) -> String {
    guard let error = error as? CLError else { return "wrong: \(error)" }
    // A build log has many lines; the first says where it was.
    return String(
      error.description.split(whereSeparator: \.isNewline).prefix(3).joined(separator: " | ")
        .prefix(400))
  }

  private mutating func checkedTime(
    _ candidate: Int, best: Double?
  ) throws -> TuningRow.Outcome {
    let configuration = candidates[candidate]
    let small = try check.checkAgainstReference(configuration)
    if let small {
      // What is hopeless on the small problem need not run on the large one: work-items that
      // share local memory take seconds on a CPU.
      if let best = bestSmall, small > 20 * best { return .slow(seconds: nil) }
      bestSmall = min(bestSmall ?? small, small)
    }
    let bench =
      try self.bench
      ?? Workbench(
        Operation.self, problem, queue: queue, products: products, chooser: chooser)
    self.bench = bench
    let bound = try bench.bind(configuration)
    let outputs = try bench.outputs(of: bound)
    if check.hasExpectedOutputs {
      try check.compare(outputs, of: configuration)
    } else {
      guard small != nil || candidate == 0 else {
        throw ConformanceFailure(description: "there is nothing to compare it with")
      }
      check.expect(outputs)
    }
    // The first run may include the driver's compilation, but not that much of it.
    if let best, bench.checkedSeconds > 3 * best + 5 {
      return .slow(seconds: bench.checkedSeconds)
    }
    let first = try bench.seconds(of: bound)
    if let best, first > 3 * best { return .slow(seconds: first) }
    var times = [first]
    var total = first
    while times.count < 9 && (times.count < 3 || total < 0.1) {
      times.append(try bench.seconds(of: bound))
      total += times[times.count - 1]
    }
    return .measured(seconds: median(times))
  }

  /// Rounds over all of them, so that a load that comes and goes meets each alike.
  mutating func compare(_ chosen: [Int]) throws -> [Int: Double] {
    guard let bench else { return [:] }
    var bound: [(candidate: Int, bound: Workbench<Operation>.Candidate)] = []
    for candidate in chosen {
      // The programs are built; a driver that fails now does so for this candidate only.
      guard let item = try? bench.bind(candidates[candidate]) else { continue }
      bound.append((candidate, item))
    }
    var times: [Int: [Double]] = [:]
    var failed: Set<Int> = []
    var total = 0.0
    for round in 0..<9 where round < 3 || total < 1 {
      for (candidate, item) in bound where !failed.contains(candidate) {
        guard let seconds = try? bench.seconds(of: item) else {
          failed.insert(candidate)
          continue
        }
        // The first round warms up.
        if round > 0 { times[candidate, default: []].append(seconds) }
        total += seconds
      }
    }
    return times.filter { !failed.contains($0.key) }.mapValues(median)
  }
}

private func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2)
    ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
