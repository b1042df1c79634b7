import Files
import Glibc
import Synchronization

/// Asks the training loop to stop when the user presses Ctrl-C, closes the terminal, or the system
/// ends the process.
///
/// The first SIGINT, SIGTERM or SIGHUP sets a flag, so that the loop can save its state, and is
/// acknowledged on standard error; another one ends the process at once.
package enum Interrupt {
  /// The exit status after an interruption.
  package static let exitStatus: Int32 = 130

  /// What the first signal is answered with unless a command has better words.
  package static let usualAnswer: StaticString = "stopping; again to stop at once"

  /// The answer of a training, which saves its state.
  package static let answerOfTraining: StaticString =
    "stopping after this step; again to stop now, unsaved"

  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Has a thread of its own take the signals, for as long as the process lives.
  ///
  /// Other threads start with them blocked, and so do the programs that a driver's compiler starts:
  /// Ctrl-C, which a terminal sends to all of them, does not end a linker in the middle of its work.
  package static func receiveOnOwnThread() {
    _ = ignoresHangUp
    _ = receiver
  }

  /// Whether SIGHUP was ignored at the start, as under nohup.
  ///
  /// Asked once: a driver's compiler has handlers of its own while it works.
  private static let ignoresHangUp = StandardStreams.isIgnored(SIGHUP)

  /// Starts to listen for the signals, instead of dying of them; `answer`, unless it is empty,
  /// acknowledges the first.
  ///
  /// A SIGHUP that is ignored, as under nohup, stays ignored.
  package static func install(answer: StaticString = usualAnswer) {
    // Reading the variables here initialises them before a handler can run: a lazy initialiser
    // takes a lock, which a handler must not.
    firstSignalTime.store(0, ordering: .relaxed)
    answerStart.store(UInt(bitPattern: answer.utf8Start), ordering: .relaxed)
    answerCount.store(answer.utf8CodeUnitCount, ordering: .relaxed)
    // A terminal shows ^C, or progress, in the line.
    followsText.store(isatty(STDERR_FILENO) == 1, ordering: .relaxed)
    receiveOnOwnThread()
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in handleSignal() }
    // System calls of the OpenCL driver and of file writing go on after the handler.
    action.sa_flags = SA_RESTART
    for signal in signals where signal != SIGHUP || !ignoresHangUp {
      sigaction(signal, &action, nil)
    }
    if ignoresHangUp { Glibc.signal(SIGHUP, SIG_IGN) }
  }

  /// Dies of the signals again, and forgets an interruption.
  package static func uninstall() {
    for signal in signals where signal != SIGHUP || !ignoresHangUp {
      Glibc.signal(signal, SIG_DFL)
    }
    firstSignalTime.store(0, ordering: .relaxed)
  }

  /// Whether a signal has come.
  package static var isRequested: Bool { firstSignalTime.load(ordering: .relaxed) != 0 }

  /// Blocks the signals for the calling thread, or lets them come to it.
  private static func mask(_ how: Int32) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(how, &set, nil)
  }

  private static let receiver: Void = {
    mask(SIG_BLOCK)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { _ in
        Interrupt.mask(SIG_UNBLOCK)
        while true { pause() }
      }, nil)
    // Without a thread for them the signals come to this one.
    if code == 0 { pthread_detach(thread) } else { mask(SIG_UNBLOCK) }
  }()
}

/// When the first signal came, in nanoseconds; 0 before it.
///
/// A signal belongs to the process, and its handler can reach nothing but globals.
private let firstSignalTime = Atomic<Int64>(0)
/// The text that acknowledges the first signal.
private let answerStart = Atomic<UInt>(0)
private let answerCount = Atomic<Int>(0)
private let followsText = Atomic<Bool>(false)

/// Only does what POSIX calls async-signal-safe: atomics, clock_gettime, write, _exit.
private func handleSignal() {
  let code = errno
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  let now = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  let first = firstSignalTime.compareExchange(
    expected: 0, desired: max(now, 1), ordering: .relaxed)
  if first.exchanged {
    let count = answerCount.load(ordering: .relaxed)
    if count > 0 {
      var newline = UInt8(ascii: "\n")
      if followsText.load(ordering: .relaxed) { write(STDERR_FILENO, &newline, 1) }
      write(
        STDERR_FILENO, UnsafeRawPointer(bitPattern: answerStart.load(ordering: .relaxed)), count)
      write(STDERR_FILENO, &newline, 1)
    }
  } else if now &- first.original > 300_000_000 {
    // Two signals within 0.3 s are one: `timeout` signals its child, then the child's group.
    _exit(130)
  }
  errno = code
}
