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
    if queue.context.info.kind != .gpu { search = .ranked }
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
      queue: queue, journal: journal, now: surroundings.now
    ) { row in
      tried += 1
      if case .measured(let seconds) = row.outcome { best = min(best ?? seconds, seconds) }
      surroundings.report(tried, limit, best)
    }
    let outcome = try search.run(
      candidates.map(\.description), hints: hints.compactMap { candidates.firstIndex(of: $0) },
      evaluator: &evaluator,
      isExact: { Operation.isExact(candidates[$0]) },
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
      entries: outcome.winners { Operation.isExact(candidates[$0]) }.compactMap {
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
  private let now: () -> Double
  private let report: (TuningRow) -> Void
  private let check: CandidateCheck<Operation>
  private var bench: Workbench<Operation>?
  /// The shortest run on the small problem.
  private var bestSmall: Double?
  /// When the candidate in hand was found right and its timing began.
  private var preparedAt: Double?
  private(set) var rows: [TuningRow] = []

  init(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    candidates: [Operation.Configuration], products: BLAS.Parameters,
    chooser: any ConfigurationChooser, queue: Queue, journal: Journal?,
    now: @escaping () -> Double, report: @escaping (TuningRow) -> Void
  ) {
    self.problem = problem
    self.candidates = candidates
    self.products = products
    self.chooser = chooser
    self.queue = queue
    self.journal = journal
    self.now = now
    self.report = report
    check = CandidateCheck(operation, problem, queue: queue)
  }

  mutating func measure(_ candidate: Int, best: Double?) throws -> Double? {
    let configuration = candidates[candidate]
    let key = Journal.Key(
      device: queue.context.info, operation: Operation.name, problem: problem.description,
      configuration: configuration.description)
    let outcome: TuningRow.Outcome
    var preparation: Double?
    if let journal, journal.blacklist.contains(key) {
      outcome = .skipped(reason: "it ended the process before")
    } else if let journal, journal.distrust.isWrong(key) {
      outcome = .skipped(reason: "'widecl verify' found it wrong")
    } else if let known = journal?.outcome(key), candidate != 0 {
      // The default is tried again in any case: the others are compared with its outputs.
      outcome = known
    } else {
      try journal?.begin(key)
      let begin = now()
      preparedAt = nil
      outcome = try attempt(candidate, best: best)
      preparation = (preparedAt ?? now()) - begin
      try journal?.end(key, outcome)
    }
    let row = TuningRow(
      configuration: configuration.description, outcome: outcome, preparation: preparation)
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
    preparedAt = now()
    return try Sampling.outcome(best: best) { try bench.seconds(of: bound) }
  }

  mutating func compare(_ chosen: [Int]) throws -> [Int: Double] {
    guard let bench else { return [:] }
    var bound: [Int: Workbench<Operation>.Candidate] = [:]
    for candidate in chosen {
      // The programs are built; a driver that fails now does so for this candidate only.
      bound[candidate] = try? bench.bind(candidates[candidate])
    }
    return Sampling.medians(of: chosen) { candidate in
      bound[candidate].flatMap { try? bench.seconds(of: $0) }
    }
  }
}
