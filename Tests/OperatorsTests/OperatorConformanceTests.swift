import Autotuner
import DeviceRuntime
import Foundation
import Operators
import TestSupport
import Testing

/// Every candidate of every operation equals its double-precision reference.
@Suite(.serialized)
struct OperatorConformanceTests {
  @Test(arguments: allOperations.indices)
  func everyCandidateEqualsItsReference(index: Int) throws {
    try check(allOperations[index])
  }

  private func check<Operation: TunableOperation>(_ operation: Operation.Type) throws {
    let filter = ProcessInfo.processInfo.environment["WIDECL_TEST_OPERATION"]
    if let filter, !Operation.name.contains(filter) { return }
    let device = try TestDevice()
    for (number, problem) in Operation.exampleProblems.enumerated() {
      let candidates = Operation.candidates(for: problem, on: device.context.info)
      try #require(!candidates.isEmpty, "\(Operation.name) has no candidate for \(problem)")
      for kind in [ExampleKind.integers, .random] {
        let example = ConformanceCase(operation, problem, kind: kind, seed: UInt64(number + 1))
        for configuration in candidates {
          do {
            try example.check(configuration, on: device)
          } catch {
            Issue.record("\(error)")
          }
        }
      }
    }
  }
}
