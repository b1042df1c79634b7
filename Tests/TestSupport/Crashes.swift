import Foundation
import Randomness

/// How often the tests of crashes try, and with which chances.
///
/// `WIDECL_TEST_CRASHES` multiplies the tries, `WIDECL_TEST_SEED` repeats the chances.
package enum Crashes {
  package static let seed =
    ProcessInfo.processInfo.environment["WIDECL_TEST_SEED"].flatMap { UInt64($0) }
    ?? UInt64.random(in: 0..<1_000_000)

  /// Random numbers from the seed; each test begins anew.
  package static func generator() -> some RandomNumberGenerator {
    print("seed \(seed); WIDECL_TEST_SEED=\(seed) repeats it")
    return PhiloxGenerator(stream: PhiloxStream(Philox(seed: seed), stream: .zero))
  }

  /// Tries where `few` are enough for every build.
  package static func number(of few: Int) -> Int {
    let factor = ProcessInfo.processInfo.environment["WIDECL_TEST_CRASHES"].flatMap { Int($0) }
    return few * max(1, factor ?? 1)
  }
}

/// A seed's words as Swift's generators give them.
private struct PhiloxGenerator: RandomNumberGenerator {
  var stream: PhiloxStream

  mutating func next() -> UInt64 { UInt64(stream.next()) << 32 | UInt64(stream.next()) }
}
