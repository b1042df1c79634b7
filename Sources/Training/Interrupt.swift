import Glibc
import Synchronization

/// Asks the training loop to stop when the user presses Ctrl-C or the system ends the process.
///
/// The first SIGINT or SIGTERM sets a flag, so that the loop can save its state; another one ends
/// the process at once.
package enum Interrupt {
  /// The exit status after an interruption.
  package static let exitStatus: Int32 = 130

  /// Starts to listen for SIGINT and SIGTERM, instead of dying of them.
  package static func install() {
    // Reading the flag here initialises it before a handler can run: a lazy initialiser takes a
    // lock, which a handler must not.
    firstSignalTime.store(0, ordering: .relaxed)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in handleSignal() }
    // System calls of the OpenCL driver and of file writing go on after the handler.
    action.sa_flags = SA_RESTART
    // A parent may have started this process with signals blocked, as a worker thread of Dispatch
    // does.
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM] {
      sigaction(signal, &action, nil)
      sigaddset(&signals, signal)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Dies of SIGINT and SIGTERM again, and forgets an interruption.
  package static func uninstall() {
    for signal in [SIGINT, SIGTERM] { Glibc.signal(signal, SIG_DFL) }
    firstSignalTime.store(0, ordering: .relaxed)
  }

  /// Whether a signal has come.
  package static var isRequested: Bool { firstSignalTime.load(ordering: .relaxed) != 0 }
}

/// When the first signal came, in nanoseconds; 0 before it.
///
/// A signal belongs to the process, and its handler can reach nothing but a global.
private let firstSignalTime = Atomic<Int64>(0)

/// Only does what POSIX calls async-signal-safe: atomics, clock_gettime, _exit.
private func handleSignal() {
  let code = errno
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  let now = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  let first = firstSignalTime.compareExchange(
    expected: 0, desired: max(now, 1), ordering: .relaxed)
  // Two signals within 0.3 s are one: `timeout` signals its child, then the child's group.
  if !first.exchanged && now &- first.original > 300_000_000 { _exit(130) }
  errno = code
}
