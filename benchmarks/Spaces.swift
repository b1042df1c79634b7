import Autotuner
import DeviceRuntime
import Foundation
import Graph
import Models
import Operators
import Training

/// Records what a tuning session for a model has to choose from, for simulations of its search.
struct Spaces {
  let queue: Queue
  /// How many candidates of a problem are tried at most, in their order.
  let limit: Int

  /// Prints the session for training a model with 3x32x32 images, a JSON line a task.
  func print(model name: String, batch: Int) throws {
    let device = queue.context.info
    let network = try ModelName(parsing: name).model().network(
      image: ImageShape(height: 32, width: 32, channels: 3), classes: 10)
    let tasks = try TuningTask.tasks(
      of: ModelTuning(network: network, batch: batch)
        .instances(on: device, choosing: DefaultChooser()),
      on: device)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for task in tasks {
      guard let instance = task.instance(among: allOperations),
        let alone = try TuningTask.tasks(of: [instance], on: device).first
      else { continue }
      let recorded = try instance.accept(Recording(queue: queue, limit: limit))
      let line = RecordedTask(
        weight: task.weight.rounded(), uses: Int((task.weight / alone.weight).rounded()),
        candidates: recorded.candidates, space: recorded.space)
      try FileHandle.standardOutput.write(contentsOf: encoder.encode(line) + Data("\n".utf8))
    }
  }

  private struct Recording: OperationVisitor {
    typealias Output = (candidates: Int, space: RecordedSpace)

    let queue: Queue
    let limit: Int

    func visit<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem
    ) throws -> Output {
      var tried = 0
      var tuner = Tuner(
        queue: queue,
        surroundings: Tuner.Surroundings(
          // The processor's time, which other processes do not lengthen.
          now: { Double(clock()) / Double(CLOCKS_PER_SEC) },
          stop: { tried >= limit }, report: { count, _, _ in tried = count }))
      tuner.search.exhaustiveLimit = .max
      tuner.search.patience = .max
      let result = try tuner.tune(operation, problem)
      var space = result.space
      try measureAgain(operation, problem, &space)
      for index in space.rows.indices {
        space.rows[index].seconds = space.rows[index].seconds.map { ($0 * 1e7).rounded() / 1e7 }
        space.rows[index].preparation = space.rows[index].preparation.map {
          ($0 * 1e3).rounded() / 1e3
        }
      }
      return (result.candidates, space)
    }

    /// Takes the candidates' times in rounds over all of them, which a load that comes and goes
    /// meets alike; the lower quartiles, which it must meet three times in four to change.
    private func measureAgain<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem, _ space: inout RecordedSpace
    ) throws {
      let bench = try Workbench(operation, problem, queue: queue)
      let candidates = Operation.candidates(for: problem, on: queue.context.info)
      let limit = 3 * (space.best ?? 0)
      let measured = space.rows.indices.filter { space.rows[$0].seconds ?? .infinity < limit }
      let bound = try measured.map { try bench.bind(candidates[$0]) }
      var times = bound.map { _ in [Double]() }
      for round in 0..<12 {
        for (index, candidate) in bound.enumerated() {
          let seconds = try bench.seconds(of: candidate)
          // The first round warms up.
          if round > 0 { times[index].append(seconds) }
        }
      }
      for (row, times) in zip(measured, times) { space.rows[row].seconds = times.sorted()[2] }
      queue.context.releasePrograms()
    }
  }
}
