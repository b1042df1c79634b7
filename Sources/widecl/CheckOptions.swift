import ArgumentParser
import Autotuner
import Foundation
import Graph
import Training

/// Whether the operations in use are checked first.
struct CheckOptions: ParsableArguments {
  @Flag(
    help: """
      Do not compare the operations in use with their references before they are used. What was \
      found right on this device is not compared again in any case, and what was found wrong is \
      not used.
      """)
  var noCheck = false

  /// The checks of a run.
  func checks() -> Checks { widecl.checks(isOff: noCheck) }
}

/// Checks by the user's record; with `isFresh` also of what was found right before, with `isWhole` of
/// every element, with `isOff` of nothing.
func checks(isWhole: Bool = false, isFresh: Bool = false, isOff: Bool = false) -> Checks {
  Checks(
    record: CheckRecord(path: userStore()?.checks),
    environment: ProcessInfo.processInfo.environment, isWhole: isWhole, isFresh: isFresh,
    isOff: isOff,
    report: { tell("\($0.hasPrefix("checked ") ? "" : "widecl: ")\(Failure.printable($0))") },
    stop: { Interrupt.isRequested })
}
