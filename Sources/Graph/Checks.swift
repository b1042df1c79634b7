import Autotuner
import DeviceRuntime
import Dispatch
import Foundation
import Operators

/// Checks each operation of a run on the device that it runs on, as the run binds it, before the run
/// uses it.
///
/// Each distinct operation, at its real size and with the program and the buffers of the run, is run
/// once on example inputs and compared with its double-precision reference. What was found right is
/// remembered; a configuration that is wrong is told, remembered, and the next one is taken.
package final class Checks {
  /// What one check came to.
  package struct Outcome: Encodable, Sendable {
    package var operation: String
    package var problem: String
    package var configuration: String
    /// What is wrong, in words; nil where all is right.
    package var failure: String?
  }

  /// The configuration that took a wrong one's place.
  package private(set) var replacements: [TuningEntry] = []
  /// Checks that were run, in their order.
  package private(set) var outcomes: [Outcome] = []
  /// Distinct operations, those that had been checked before included.
  package var operationCount: Int { seen.count }

  private let record: CheckRecord
  private let environment: [String: String]
  private let isWhole: Bool
  private let isFresh: Bool
  private let isOff: Bool
  package let report: (String) -> Void
  private let stop: () -> Bool
  private var seen: Set<CheckKey> = []
  /// What the checks took.
  private var seconds = 0.0
  /// What this object found wrong, and how.
  private var wrong: [CheckKey: String] = [:]

  /// Checks what `record` does not know.
  ///
  /// `environment` has the variables that may change a driver's compiler. `isWhole` compares every
  /// element of every output; `isFresh` also checks what was right before. With `isOff` nothing is
  /// checked, and only what is known to be wrong is not used. `report` gets a line for each
  /// configuration that is wrong and one at the end.
  package init(
    record: CheckRecord = CheckRecord(), environment: [String: String] = [:],
    isWhole: Bool = false, isFresh: Bool = false, isOff: Bool = false,
    report: @escaping (String) -> Void = { _ in },
    stop: @escaping () -> Bool = { false }
  ) {
    self.record = record
    self.environment = environment
    self.isWhole = isWhole
    self.isFresh = isFresh
    self.isOff = isOff
    self.report = report
    self.stop = stop
  }

  /// What `build` makes with a chooser of configurations that are all found right.
  ///
  /// What the buffers of the executors hold is lost. Without `checks` nothing is checked. Throws
  /// `CheckError` where an operation has no configuration that is right.
  package static func checked<Built>(
    _ checks: Checks?, on context: Context, chooser: any ConfigurationChooser,
    executors: (Built) -> [Executor], build: (any ConfigurationChooser) throws -> Built
  ) throws -> Built {
    guard let checks else { return try build(chooser) }
    let device = context.info.compilerDigest(environment: checks.environment)
    let trusted = CheckedChooser(
      chooser, record: checks.record, context: context, device: device,
      products: chooser.productParameters(on: context.info))
    let before = (checks: checks.outcomes.count, seconds: checks.seconds)
    while true {
      let built = try build(trusted)
      if checks.isOff {
        for executor in executors(built) { try checks.tellOfWrong(in: executor, device: device) }
        return built
      }
      // All of them, so that each new build knows of everything that is wrong.
      let areRight = try executors(built).map {
        try checks.check($0, insteadOf: chooser, device: device)
      }
      guard areRight.allSatisfy({ $0 }) else { continue }
      let count = checks.outcomes.count - before.checks
      if count > 0 {
        let seconds = (10 * (checks.seconds - before.seconds)).rounded() / 10
        checks.report("checked \(count) operations in \(seconds) s")
      }
      return built
    }
  }

  /// Checks the executors of a run that has begun; throws `CheckError` where an operation is wrong.
  ///
  /// What the buffers of the executors hold is lost.
  package func checkAgain(_ executors: [Executor]) throws {
    for executor in executors {
      let info = executor.store.context.info
      let device = info.compilerDigest(environment: environment)
      guard try check(executor, insteadOf: executor.chooser, device: device) else {
        throw CheckError(outcomes.last { $0.failure != nil }, on: info)
      }
    }
  }

  /// Whether every operation of the executor is right; `wanted` chose what it would have without
  /// what checks found wrong.
  private func check(
    _ executor: Executor, insteadOf wanted: any ConfigurationChooser, device: String
  ) throws -> Bool {
    var found: [CheckKey: CheckRecord.Verdict] = [:]
    let begin = DispatchTime.now().uptimeNanoseconds
    defer {
      record.note(found)
      seconds += Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
    }
    let context = executor.store.context
    let keys = try keys(of: executor, device: device)
    let count = Set(keys).count { !seen.contains($0) && (isFresh || record.verdict($0) == nil) }
    var done = 0
    defer { context.report(Preparation(.checking, done: count, of: count)) }
    for (index, key) in keys.enumerated() {
      let step = executor.plan.steps[index]
      guard !seen.contains(key), found[key] == nil else { continue }
      let known = record.verdict(key)
      if let failure = wrong[key] ?? (isFresh ? nil : known?.failure) {
        throw CheckError(key, failure: failure, in: context)
      }
      let isReplacement =
        record.hasWrong(operation: key.operation)
        && step.operation.plan(choosing: wanted, on: context.info).configuration
          != executor.planned[index].configuration
      if case .right(let seconds) = known, !isFresh {
        seen.insert(key)
        if isReplacement { try noteReplacement(step.operation, executor, seconds: seconds) }
        continue
      }
      if stop() { throw CheckError.Interrupted() }
      context.report(Preparation(.checking, done: done, of: count))
      done += 1
      let result = try result(of: index, executor)
      outcomes.append(
        Outcome(
          operation: key.operation, problem: key.problem, configuration: key.configuration,
          failure: result.failure))
      if let failure = result.failure {
        found[key] = .wrong(failure)
        wrong[key] = failure
        report(
          "\(key.description(on: context.info)) is wrong: \(failure); it is not used here any more"
        )
        continue
      }
      found[key] = .right(seconds: result.seconds)
      seen.insert(key)
      if isReplacement { try noteReplacement(step.operation, executor, seconds: result.seconds) }
    }
    return !found.values.contains { $0.failure != nil }
  }

  /// Says which operations are known to be wrong and used all the same, for want of another
  /// configuration.
  private func tellOfWrong(in executor: Executor, device: String) throws {
    guard record.hasWrong else { return }
    let info = executor.store.context.info
    for key in Set(try keys(of: executor, device: device)) {
      guard let failure = record.verdict(key)?.failure else { continue }
      report("\(key.description(on: info)) is wrong and used all the same: \(failure)")
    }
  }

  /// What a check of each step of the plan is known by.
  private func keys(of executor: Executor, device: String) throws -> [CheckKey] {
    try zip(executor.plan.steps, executor.planned).map { step, planned in
      try CheckKey(
        operation: step.operation.name, problem: step.operation.problemText,
        configuration: planned.configuration, plan: planned.plan, products: executor.products,
        context: executor.store.context, device: device)
    }
  }

  private func noteReplacement(
    _ operation: any OperationInstance, _ executor: Executor, seconds: Double
  ) throws {
    replacements += try operation.accept(
      MakeEntry(
        chooser: executor.chooser, info: executor.store.context.info, seconds: seconds))
  }

  private func result(of index: Int, _ executor: Executor) throws -> OperationCheck.Result {
    let check = OperationCheck(
      executor.operations[index], executor.planned[index], isWhole: isWhole,
      queue: executor.store.queue)
    do {
      return try executor.plan.steps[index].operation.accept(check)
    } catch let error as CLError where !error.isDeviceLost && !error.isOutOfMemory {
      let line = error.description.split(whereSeparator: \.isNewline).first.map(String.init)
      return OperationCheck.Result(failure: line ?? "the driver refused it")
    }
  }
}

private struct MakeEntry: OperationVisitor {
  typealias Output = [TuningEntry]

  let chooser: any ConfigurationChooser
  let info: DeviceInfo
  let seconds: Double

  func visit<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem
  ) -> [TuningEntry] {
    let configuration = chooser.configuration(for: operation, problem, on: info)
    return TuningEntry(
      operation, problem, configuration, seconds: max(seconds, 1e-9), isComplete: false
    ).map { [$0] } ?? []
  }
}

extension CheckKey {
  fileprivate func description(on info: DeviceInfo) -> String {
    "\(operation) [\(problem)] \(configuration) on \(info.name), driver \(info.driver)"
      + (DriverFault.known(operation: operation, on: info).map { " (docs/drivers.md: \($0.name))" }
        ?? "")
  }
}

/// An operation that no configuration computes right on a device.
package struct CheckError: Error, CustomStringConvertible {
  /// The request to stop came before all was checked.
  package struct Interrupted: Error {}

  /// One line, `what: why; what to do`.
  package let description: String

  init(_ outcome: Checks.Outcome?, on info: DeviceInfo) {
    description =
      "\(outcome?.operation ?? "") [\(outcome?.problem ?? "")] on \(info.name), driver "
      + "\(info.driver): right when the run began and wrong now: \(outcome?.failure ?? ""); look "
      + "after the device and go on from the last checkpoint with --resume"
  }

  init(_ key: CheckKey, failure: String, in context: Context) {
    description =
      "\(key.description(on: context.info)): no configuration is right, the last one: \(failure); "
      + (context.kernels.directory.map { "mend the kernels in \($0.path)" }
        ?? "update the driver or choose another --device")
  }
}
