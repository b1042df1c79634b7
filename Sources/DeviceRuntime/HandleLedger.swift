import Synchronization

/// Counts the OpenCL objects that are alive, so that a test can prove that none leaks.
package final class HandleLedger: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  package init() {}

  package func created(_ kind: String) { counts.withLock { $0[kind, default: 0] += 1 } }

  package func released(_ kind: String) { counts.withLock { $0[kind, default: 0] -= 1 } }

  /// Objects alive by kind; kinds with none are left out.
  package var alive: [String: Int] { counts.withLock { $0.filter { $0.value != 0 } } }
}
