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

  /// The default and a sample of the other candidates; all with WIDECL_TEST_ALL=1.
  private func check<Operation: TunableOperation>(_ operation: Operation.Type) throws {
    let environment = ProcessInfo.processInfo.environment
    if let filter = environment["WIDECL_TEST_OPERATION"], !Operation.name.contains(filter) {
      return
    }
    let seed = environment["WIDECL_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1000)
    var generator = ExampleGenerator(seed: seed)
    let device = try TestDevice()
    for (number, problem) in Operation.exampleProblems.enumerated() {
      var candidates = Operation.candidates(for: problem, on: device.context.info)
      try #require(!candidates.isEmpty, "\(Operation.name) has no candidate for \(problem)")
      if environment["WIDECL_TEST_ALL"] == nil {
        candidates = [candidates[0]] + candidates.dropFirst().shuffled(using: &generator).prefix(3)
      }
      for kind in [ExampleKind.integers, .random] {
        let example = ConformanceCase(operation, problem, kind: kind, seed: UInt64(number + 1))
        for configuration in candidates {
          do {
            try example.check(configuration, on: device)
          } catch {
            Issue.record("WIDECL_TEST_SEED=\(seed): \(error)")
          }
        }
      }
    }
  }
}
