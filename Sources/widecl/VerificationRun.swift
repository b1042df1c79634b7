import ArgumentParser
import Autotuner
import DeviceRuntime
import Foundation
import Operators
import Training

/// Verifies in a child process, which a configuration that crashes or hangs cannot take with it.
///
/// `report` gets each operation's result when it comes.
func runVerification(
  _ work: VerificationWork, store: TuningStore, device: Int, timeout: Double,
  report: (VerificationResult) -> Void
) throws -> TuningSupervisor.Outcome {
  // The file that runs, also where it was started by a relative path or moved meanwhile.
  let supervisor = TuningSupervisor(
    executable: "/proc/self/exe",
    arguments: ["verify", "--worker", "--device", String(device)], store: store, timeout: timeout)
  return try supervisor.run(
    work, stop: { Interrupt.isRequested }, note: { tell("widecl: \($0)") },
    handle: { event in
      if case .result(_, let result) = event { report(result) }
    })
}

/// The worker's side: reads its work from standard input and writes events to standard output.
func runVerificationWorker(_ options: DeviceOptions) throws {
  guard let store = userStore(),
    let work = try? JSONDecoder().decode(
      VerificationWork.self, from: FileHandle.standardInput.readDataToEndOfFile())
  else {
    throw TuningError(
      .badData, "standard input", why: "it holds no work", advice: "use 'widecl verify'")
  }
  Interrupt.install(answer: "")
  // Without its parent nobody reads the events.
  let parent = getppid()
  let context = try options.makeContext(isWorker: true)
  let suite = try ConformanceSuite(
    work, tuned: store.load().database, shipped: TuningDatabase(shippedWith: context.kernels),
    journal: Journal(store.journal)
  ) { try options.makeContext(isWorker: true).makeQueue() }
  func say(_ event: VerificationEvent) { sendEvent(event) }
  for (task, name) in work.operations.enumerated() {
    guard let operation = allOperations.first(where: { $0.name == name }) else { continue }
    guard
      let result = try suite.run(
        operation, stop: { Interrupt.isRequested || getppid() != parent },
        report: { say(.progress(task: task, checks: $0)) })
    else { throw ExitCode(Interrupt.exitStatus) }
    say(.result(task: task, result))
  }
}
