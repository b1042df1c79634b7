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
      found right on this device is not compared again in any case.
      """)
  var noCheck = false

  /// The checks of a run; nil where it has none.
  func checks() -> Checks? { noCheck ? nil : widecl.checks() }
}

/// Checks by the user's record; with `isFresh` also of what was found right before, with `isWhole` of
/// every element.
func checks(isWhole: Bool = false, isFresh: Bool = false) -> Checks {
  Checks(
    record: CheckRecord(path: userStore()?.checks),
    environment: ProcessInfo.processInfo.environment, isWhole: isWhole, isFresh: isFresh,
    report: { tell("\($0.hasPrefix("checked ") ? "" : "widecl: ")\(Failure.printable($0))") },
    stop: { Interrupt.isRequested })
}
