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
  package func run(
    _ work: TuningWork, stop: @escaping () -> Bool = { false },
    report: @escaping (TuningEvent) -> Void
  ) throws {
    var found: [TuningEntry] = []
    try TuningSchedule(weights: work.tasks.map(\.weight), seconds: work.seconds).run(
      now: Tuner.Surroundings().now, stop: stop
    ) { index, seconds in
      guard let instance = work.tasks[index].instance(among: operations) else { return }
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
        Tune(tuner: tuner, known: known, found: found, seconds: seconds, queue: queue))
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
    let hints = TuningSchedule.hints(
      known: known.choice(for: operation, problem, on: queue.context.info).configuration,
      found: found.compactMap { $0.decoded(as: operation)?.configuration })
    return try tuner.tune(operation, problem, hints: hints, seconds: seconds)
  }
}
