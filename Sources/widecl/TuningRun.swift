import ArgumentParser
import Autotuner
import DeviceRuntime
import Files
import Foundation
import Operators
import Training

/// Tunes in a child process, with progress on standard error.
///
/// `report` gets each result when it comes.
func runTuning(
  _ work: TuningWork, store: TuningStore, device: Int, timeout: Double = 60,
  report: (TuningResult) -> Void
) throws -> TuningSupervisor.Outcome {
  // The file that runs, also where it was started by a relative path or moved meanwhile.
  let supervisor = TuningSupervisor(
    executable: "/proc/self/exe",
    arguments: ["tune", "--worker", "--device", String(device)], store: store, timeout: timeout)
  var progress = TuningProgress(work)
  let outcome = try supervisor.run(
    work, stop: { Interrupt.isRequested }, note: { progress.message("widecl: \($0)") },
    handle: { event in
      switch event {
      case .progress(let task, let tried, let limit, let best):
        progress.update(task: task, tried: tried, limit: limit, best: best)
      case .result(let task, let result):
        progress.finish(task)
        report(result)
      }
    })
  progress.clear()
  return outcome
}

/// The worker's side: reads its work from standard input and writes events to standard output.
func runTuningWorker(_ options: DeviceOptions) throws {
  guard let store = userStore(),
    let work = try? JSONDecoder().decode(
      TuningWork.self, from: FileHandle.standardInput.readDataToEndOfFile())
  else {
    throw TuningError(
      .badData, "standard input", why: "it holds no work", advice: "use 'widecl tune'")
  }
  Interrupt.install(answer: "")
  // Without its parent nobody reads the events.
  let parent = getppid()
  let context = try options.makeContext(isWorker: true)
  let session = try TuningSession(
    queue: context.makeQueue(), store: store,
    shipped: TuningDatabase(shippedWith: context.kernels), operations: allOperations,
    products: { $0.productParameters(on: $1) })
  try session.run(work, stop: { Interrupt.isRequested || getppid() != parent }, report: sendEvent)
  if Interrupt.isRequested { throw ExitCode(Interrupt.exitStatus) }
}

/// Sends a line of JSON to the process that started this one.
func sendEvent(_ event: some Encodable) {
  guard let data = try? JSONEncoder().encode(event) else { return }
  do throws(FileError) {
    try SystemFiles().writeAll(STDOUT_FILENO, Array(data) + [UInt8(ascii: "\n")])
  } catch { WideCLCommand.end(Interrupt.exitStatus) }
}

/// A line that shows how far a tuning is.
private struct TuningProgress {
  private let work: TuningWork
  private let surroundings = ProgressLine.Surroundings.standardError
  private let start: Double
  private let labels: [String]
  private var shown: Double
  private var done: Set<Int> = []
  private var line = RedrawnLine()

  init(_ work: TuningWork) {
    self.work = work
    labels = work.tasks.map { task in
      task.instance(among: allOperations).map { "\($0.name) [\($0.problemText)]" }
        ?? task.operation
    }
    start = surroundings.now()
    shown = start
  }

  mutating func update(task: Int, tried: Int, limit: Int, best: Double?) {
    let now = surroundings.now()
    let width = surroundings.width()
    guard now - shown >= (width == nil ? ProgressLine.lineInterval : ProgressLine.redrawInterval)
    else { return }
    shown = now
    // The time that the finished part took tells how long the rest takes, up to the budget.
    let part =
      (Double(done.count) + Double(tried) / Double(max(limit, 1))) / Double(work.tasks.count)
    let elapsed = now - start
    let rest = min(work.seconds - elapsed, elapsed / max(part, 1e-3) - elapsed)
    var text =
      "tuning \(done.count + 1)/\(work.tasks.count) \(labels[task]) \(tried)/\(limit)"
    if let best { text += String(format: " best %.3g ms", best * 1e3) }
    text += " ETA " + ProgressLine.text(seconds: rest)
    guard let width else { return surroundings.write(text + "\n") }
    line.draw(text, width: width)
  }

  mutating func finish(_ task: Int) {
    done.insert(task)
    clear()
  }

  mutating func message(_ text: String) {
    clear()
    surroundings.write(text + "\n")
  }

  mutating func clear() { line.clear() }
}

extension TuningResult {
  /// One line: what was found, how fast it is, and how much faster than the default.
  var summary: String {
    guard let best else {
      return "\(operation) [\(problem)] -> no candidate was right, the default is used"
    }
    // Where memory bounds an operation, its GFLOP/s say nothing.
    let rate =
      gflops >= 2 * gigabytesPerSecond
      ? String(format: "%.1f GFLOP/s", gflops) : String(format: "%.1f GB/s", gigabytesPerSecond)
    var text = "\(operation) [\(problem)] -> \(best.configuration) \(rate)"
    if let speedup { text += String(format: ", %.2fx the default", speedup) }
    text += ", \(rows.count) of \(candidates) tried"
    let wrong = rows.count { if case .failed = $0.outcome { true } else { false } }
    if wrong > 0 { text += ", \(wrong) failed" }
    return text
  }
}
