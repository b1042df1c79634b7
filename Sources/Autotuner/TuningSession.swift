import DeviceRuntime
import Foundation

/// Tunes one task after the other and keeps each result at once.
package struct TuningSession {
  private let queue: Queue
  private let store: TuningStore
  private let shipped: TuningDatabase
  private let operations: [any TunableOperation.Type]
  private let products: (TunedChooser, DeviceInfo) -> BLAS.Parameters
  private let journal: Journal

  /// A session with the journal held until it ends; `operations` are those that tasks may name,
  /// and `products` tells from what is known how CLBlast computes products.
  package init(
    queue: Queue, store: TuningStore, shipped: TuningDatabase,
    operations: [any TunableOperation.Type],
    products: @escaping (TunedChooser, DeviceInfo) -> BLAS.Parameters
  ) throws(TuningError) {
    self.queue = queue
    self.store = store
    self.shipped = shipped
    self.operations = operations
    self.products = products
    try store.createFolder()
    journal = try Journal(store.journal)
  }

  /// Works until all is done, the time is over or `stop` says so.
  ///
  /// Each task gets a share of the time that is left, by the root of its weight: what a heavy one
  /// gains counts more, but compiling candidates takes as long for a light one.
  package func run(
    _ work: TuningWork, stop: @escaping () -> Bool = { false },
    report: @escaping (TuningEvent) -> Void
  ) throws {
    let now = Tuner.Surroundings().now
    let deadline = now() + work.seconds
    var found: [TuningEntry] = []
    for (index, task) in work.tasks.enumerated() {
      let left = deadline - now()
      if stop() || left <= 0 { return }
      guard let instance = task.instance(among: operations) else { continue }
      let weights = work.tasks[index...].map { max($0.weight, 0).squareRoot() }
      let share = left * (weights.first ?? 0) / max(weights.reduce(0, +), 1e-300)
      let known = TunedChooser(
        [store.load().database, shipped], algorithms: work.algorithms, distrust: journal.distrust)
      var tuner = Tuner(
        queue: queue, journal: journal, algorithms: work.algorithms,
        products: products(known, queue.context.info), chooser: known,
        surroundings: Tuner.Surroundings(
          stop: stop,
          report: {
            report(.progress(task: index, tried: $0, limit: $1, best: $2))
          }))
      if work.isExhaustive {
        tuner.search.exhaustiveLimit = .max
        tuner.search.patience = nil
      }
      let result = try instance.accept(
        Tune(
          tuner: tuner, known: known, found: found, seconds: min(left, max(share, 3)),
          queue: queue))
      var changes = TuningDatabase()
      changes.replace(with: result.entries, on: queue.context.info)
      if !changes.isEmpty { try store.save(changes) }
      found += result.entries
      report(.result(task: index, result))
    }
  }
}

private struct Tune: OperationVisitor {
  typealias Output = TuningResult

  let tuner: Tuner
  let known: TunedChooser
  /// What this session found for other tasks.
  let found: [TuningEntry]
  let seconds: Double
  let queue: Queue

  func visit<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem
  ) throws -> TuningResult {
    var hints = [known.choice(for: operation, problem, on: queue.context.info).configuration]
    // What is fast for one layer is often so for the others, the latest being the most alike.
    for entry in found.reversed() {
      guard let value = entry.decoded(as: operation) else { continue }
      if !hints.contains(value.configuration) { hints.append(value.configuration) }
      if hints.count == 4 { break }
    }
    return try tuner.tune(operation, problem, hints: hints, seconds: seconds)
  }
}
