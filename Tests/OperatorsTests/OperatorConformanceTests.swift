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

  private static let seed = TestSeed.value(for: "conformance")

  /// A part of an operation's name: only those are checked.
  private static let filter = ProcessInfo.processInfo.environment["WIDECL_TEST_OPERATION"]

  @Test func theFilterNamesAnOperation() {
    guard let filter = Self.filter else { return }
    #expect(
      allOperations.contains { $0.name.contains(filter) },
      "WIDECL_TEST_OPERATION=\(filter) names no operation")
  }

  /// The default and a sample of the other candidates; all with WIDECL_TEST_ALL=1.
  private func check<Operation: TunableOperation>(_ operation: Operation.Type) throws {
    let environment = ProcessInfo.processInfo.environment
    if let filter = Self.filter, !Operation.name.contains(filter) { return }
    var generator = ExampleGenerator(seed: Self.seed)
    let device = try TestDevice()
    for (number, problem) in Operation.exampleProblems.enumerated() {
      var candidates = Operation.candidates(for: problem, on: device.context.info)
      try #require(!candidates.isEmpty, "\(Operation.name) has no candidate for \(problem)")
      if environment["WIDECL_TEST_ALL"] == nil {
        candidates = [candidates[0]] + candidates.dropFirst().shuffled(using: &generator).prefix(1)
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
