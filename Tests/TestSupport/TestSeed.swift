import Foundation

/// The seed of tests that draw a sample: `WIDECL_TEST_SEED`, by default 1.
package enum TestSeed {
  package static let value: UInt64 = {
    guard let text = ProcessInfo.processInfo.environment["WIDECL_TEST_SEED"] else { return 1 }
    guard let seed = UInt64(text) else {
      preconditionFailure("WIDECL_TEST_SEED is '\(text)', not a number")
    }
    return seed
  }()

  /// The seed for a sample of `subject`, printed so that a log says what was drawn.
  package static func value(for subject: String) -> UInt64 {
    print("\(subject): a sample by WIDECL_TEST_SEED=\(value)")
    return value
  }
}
