import Glibc
import Testing
import Training

/// Sends this process a signal and gives it time to arrive.
///
/// `raise` would not do: the threads that tests run on block signals, the main thread does not.
private func send(_ signal: Int32, wait milliseconds: UInt32) {
  kill(getpid(), signal)
  usleep(milliseconds * 1000)
}

@Suite(.serialized) struct InterruptTests {
  @Test(arguments: [SIGINT, SIGTERM])
  func firstSignalSetsTheFlag(signal: Int32) async {
    await #expect(processExitsWith: .exitCode(7)) { [signal] in
      Interrupt.install()
      if Interrupt.isRequested { exit(1) }
      send(signal, wait: 100)
      exit(Interrupt.isRequested ? 7 : 2)
    }
  }

  @Test func secondSignalEndsTheProcess() async {
    await #expect(processExitsWith: .exitCode(130)) {
      Interrupt.install()
      send(SIGINT, wait: 400)
      send(SIGTERM, wait: 2000)
    }
  }

  @Test func doubledSignalIsOne() async {
    await #expect(processExitsWith: .exitCode(7)) {
      Interrupt.install()
      send(SIGTERM, wait: 1)
      send(SIGTERM, wait: 100)
      exit(7)
    }
  }

  @Test func signalKillsAfterUninstalling() async {
    await #expect(processExitsWith: .signal(SIGTERM)) {
      Interrupt.install()
      Interrupt.uninstall()
      send(SIGTERM, wait: 2000)
    }
  }
}
