import Foundation

/// Runs a tuning or a verification in a child process and starts it again when a candidate crashes
/// or hangs it.
package struct TuningSupervisor {
  /// How the work ended.
  package enum Outcome: Hashable, Sendable {
    case finished
    /// By request; what was found is kept.
    case stopped
    /// The child said why on standard error and exited with this status.
    case failed(status: Int32)
    /// The child died again and again without a candidate to blame.
    case crashed(signal: Int32)
  }

  private let executable: String
  private let arguments: [String]
  private let store: TuningStore
  private let timeout: Double
  private let now = Tuner.Surroundings().now

  /// `arguments` make the executable read the work and write lines of its events; a child without
  /// a sign of life for `timeout` seconds is ended.
  package init(
    executable: String, arguments: [String], store: TuningStore, timeout: Double = 60
  ) {
    self.executable = executable
    self.arguments = arguments
    self.store = store
    self.timeout = timeout
  }

  /// Works until all tasks have a result, the time is over or `stop` says so.
  ///
  /// The tasks' indices in events are those in `work`. `note` gets a line for each candidate that
  /// ended a child.
  package func run<Work: SupervisedWork>(
    _ work: Work, stop: () -> Bool = { false }, note: (String) -> Void = { _ in },
    handle: (Work.Event) -> Void
  ) throws(TuningError) -> Outcome {
    try store.createFolder()
    try Journal.start(store.journal)
    let deadline = now() + work.seconds
    var remaining = Array(0..<work.taskCount)
    var blacklist = Journal.content(of: store.journal).blacklist
    var losses = 0
    // Notes the candidates that were begun and not ended; false where there is none.
    func blame(_ what: String) -> Bool {
      let after = Journal.content(of: store.journal).blacklist
      let culprits = after.subtracting(blacklist)
      for key in culprits {
        note(
          "\(key.operation) [\(key.problem)] \(key.configuration) \(what) and is not tried again")
      }
      blacklist = after
      return !culprits.isEmpty
    }
    while !remaining.isEmpty {
      let left = deadline - now()
      if stop() { return .stopped }
      if left <= 0 { return .finished }
      let indices = remaining
      guard let input = try? JSONEncoder().encode(work.part(indices, seconds: left)) else {
        preconditionFailure("work of strings and finite numbers")
      }
      let child = try ChildProcess(
        executable: executable, arguments: arguments, input: input, folder: store.folder)
      let end = watch(child, stop: stop) { (event: Work.Event) in
        guard indices.indices.contains(event.task) else { return }
        var event = event
        event.task = indices[event.task]
        if event.isResult { remaining.removeAll { $0 == event.task } }
        handle(event)
      }
      switch end {
      case .exited(0): return stop() ? .stopped : .finished
      case .exited(130): return .stopped
      case .exited(69):
        losses += 1
        // A candidate may take the device down; a device that is gone fails every candidate.
        guard losses < 3, blame("lost the device") else { return .failed(status: 69) }
      case .exited(let status): return .failed(status: status)
      case .signalled(let signal, let hung):
        guard blame(hung ? "hung" : "crashed (signal \(signal))") else {
          return .crashed(signal: signal)
        }
      }
    }
    return .finished
  }

  private enum End {
    case exited(Int32)
    case signalled(Int32, hung: Bool)
  }

  private func watch<Event: SupervisedEvent>(
    _ child: borrowing ChildProcess, stop: () -> Bool, handle: (Event) -> Void
  ) -> End {
    var lastSign = now()
    var isAsked = false
    var hung = false
    var pending: [UInt8] = []
    let decoder = JSONDecoder()
    while let bytes = child.read(milliseconds: 200) {
      if !bytes.isEmpty {
        lastSign = now()
        pending += bytes
        while let newline = pending.firstIndex(of: UInt8(ascii: "\n")) {
          let line = Data(pending[..<newline])
          pending.removeSubrange(...newline)
          if let event = try? decoder.decode(Event.self, from: line) { handle(event) }
        }
      }
      if stop() && !isAsked {
        isAsked = true
        child.signal(SIGTERM)
      }
      if now() - lastSign > timeout && !hung {
        hung = true
        child.signal(SIGKILL)
      }
    }
    let status = child.wait()
    let signal = status & 0x7f
    return signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal, hung: hung)
  }
}
