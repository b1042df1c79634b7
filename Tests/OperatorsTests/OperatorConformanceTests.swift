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

  /// The date, so that each day checks others; WIDECL_TEST_SEED repeats another day's.
  private static let seed: UInt64 = {
    let given = ProcessInfo.processInfo.environment["WIDECL_TEST_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64(Date().timeIntervalSince1970 / 86_400)
    print("conformance of a sample by WIDECL_TEST_SEED=\(seed)")
    return seed
  }()

  /// The default and a sample of the other candidates; all with WIDECL_TEST_ALL=1.
  private func check<Operation: TunableOperation>(_ operation: Operation.Type) throws {
    let environment = ProcessInfo.processInfo.environment
    if let filter = environment["WIDECL_TEST_OPERATION"], !Operation.name.contains(filter) {
      return
    }
    var generator = ExampleGenerator(seed: Self.seed)
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
            Issue.record("WIDECL_TEST_SEED=\(Self.seed): \(error)")
          }
        }
      }
    }
  }
}
