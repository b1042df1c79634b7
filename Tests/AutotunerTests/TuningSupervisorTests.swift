import Foundation
import Glibc
import Testing

@testable import Autotuner

/// The parent of the worker process, with shell scripts as workers.
@Suite(.serialized)
struct TuningSupervisorTests {
  private let work = TuningWork(
    tasks: (0..<3).map {
      TuningTask(operation: "square", problem: .integer($0), weight: 1)
    }, seconds: 60, algorithms: .all)

  private let result = TuningResult(
    operation: "square", problem: "100", best: nil, standard: nil, gflops: 0,
    gigabytesPerSecond: 0, candidates: 1, isComplete: true, rows: [], entries: [])

  /// What a run came to, with the events and notes on the way.
  private struct Run {
    var outcome: TuningSupervisor.Outcome
    var events: [TuningEvent] = []
    var notes: [String] = []
    var results: [Int] {
      events.compactMap { if case .result(let task, _) = $0 { task } else { nil } }
    }
  }

  /// Runs a script whose `$FOLDER` is the cache folder; `result N` says that a task is done, `begin
  /// NAME` writes a line into the journal.
  private func run(
    _ script: String, folder: ScratchFolder, timeout: Double = 10,
    stop: () -> Bool = { false }
  ) throws -> Run {
    let encoder = JSONEncoder()
    func line(_ task: Int) throws -> String {
      String(decoding: try encoder.encode(TuningEvent.result(task: task, result)), as: UTF8.self)
    }
    func begin(_ name: String) throws -> String {
      let scratch = try ScratchFolder()
      let key = Journal.Key(
        device: .madeUp(), operation: "square", problem: "1", configuration: name)
      try Journal(scratch.file("j")).begin(key)
      return try scratch.text("j")
    }
    try folder.write(
      """
      cd '\(folder.path)'
      work=$(cat)
      result() { case $1 in
      0) echo '\(try line(0))';; 1) echo '\(try line(1))';; 2) echo '\(try line(2))';;
      esac; }
      begin() { case $1 in
      a) echo '\(try begin("a"))';; b) echo '\(try begin("b"))';;
      esac >> tuning-journal.jsonl; }
      echo start >> starts
      starts=$(wc -l < starts)
      \(script)
      """, to: "worker.sh")
    let supervisor = TuningSupervisor(
      executable: "/bin/sh", arguments: [folder.file("worker.sh")],
      store: TuningStore(folder: folder.path), timeout: timeout)
    var run = Run(outcome: .finished)
    run.outcome = try supervisor.run(
      work, stop: stop, note: { run.notes.append($0) }, handle: { run.events.append($0) })
    return run
  }

  @Test("results arrive with the tasks' indices")
  func finished() throws {
    let folder = try ScratchFolder()
    let run = try run(
      "case $work in *square*) ;; *) exit 1;; esac; result 0; result 1; result 2", folder: folder)
    #expect(run.outcome == .finished && run.results == [0, 1, 2] && run.notes.isEmpty)
  }

  @Test("after a crash the rest is done by another process, and the culprit is named")
  func crash() throws {
    let folder = try ScratchFolder()
    let run = try run(
      "if [ $starts = 1 ]; then result 0; begin a; kill -SEGV $$; fi; result 0; result 1",
      folder: folder)
    #expect(run.outcome == .finished && run.results == [0, 1, 2])
    #expect(run.notes.count == 1 && run.notes[0].contains("square [1] a crashed (signal 11)"))
    #expect(Journal.content(of: folder.file("tuning-journal.jsonl")).blacklist.count == 1)
  }

  @Test("after a loss of the device the rest is done by another process, three times at most")
  func loss() throws {
    let once = try run(
      "if [ $starts = 1 ]; then result 0; begin a; exit 69; fi; result 0; result 1",
      folder: ScratchFolder())
    #expect(once.outcome == .finished && once.results == [0, 1, 2])
    #expect(once.notes.count == 1 && once.notes[0].contains("a lost the device"))
    let folder = try ScratchFolder()
    let again = try run(
      "case $starts in 1) begin a;; 2) begin b;; esac; exit 69", folder: folder)
    #expect(again.outcome == .failed(status: 69) && again.notes.count == 2)
    #expect(try folder.text("starts") == "start\nstart\nstart\n")
  }

  @Test("a device that is lost before any candidate ends the tuning")
  func lossWithoutCulprit() throws {
    let folder = try ScratchFolder()
    let run = try run("exit 69", folder: folder)
    #expect(run.outcome == .failed(status: 69) && run.notes.isEmpty)
    #expect(try folder.text("starts") == "start\n")
  }

  @Test("a process without a sign of life is ended and another one goes on")
  func hang() throws {
    let folder = try ScratchFolder()
    let run = try run(
      """
      if [ $starts = 1 ]; then result 0; begin b; exec sleep 1000; fi
      result 0; result 1
      """, folder: folder, timeout: 1)
    #expect(run.outcome == .finished && run.results == [0, 1, 2])
    #expect(run.notes.count == 1 && run.notes[0].contains("b hung"))
  }

  @Test("a crash that no candidate caused is not repeated for ever")
  func crashWithoutCulprit() throws {
    let folder = try ScratchFolder()
    let run = try run("kill -ABRT $$", folder: folder)
    #expect(run.outcome == .crashed(signal: SIGABRT))
    #expect(try folder.text("starts") == "start\n")
  }

  @Test("the worker's exit status is passed on")
  func failure() throws {
    let run = try run("exit 73", folder: ScratchFolder())
    #expect(run.outcome == .failed(status: 73))
  }

  @Test("stopping asks the worker once and waits for what it has")
  func stop() throws {
    let folder = try ScratchFolder()
    let begin = Date()
    let run = try run(
      """
      trap 'echo asked >> asked; result 1; exit 130' TERM
      result 0
      i=0; while [ $i -lt 100 ]; do sleep 0.1; i=$((i + 1)); done
      """, folder: folder, stop: { Date().timeIntervalSince(begin) > 0.5 })
    #expect(run.outcome == .stopped && run.results == [0, 1])
    #expect(try folder.text("asked") == "asked\n")
  }

  @Test("lines that are no events are ignored")
  func nonsense() throws {
    let run = try run(
      "echo nonsense; echo '{}'; echo; result 2; printf 'no end'", folder: ScratchFolder())
    #expect(run.outcome == .finished && run.results == [2])
  }
}
