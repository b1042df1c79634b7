import Autotuner
import DeviceRuntime
import Files
import Glibc
import TestSupport
import Testing

/// The journal of tries.
struct JournalTests {
  private func key(_ configuration: String, driver: String = "1") -> Journal.Key {
    Journal.Key(
      device: .madeUp(driver: driver), operation: "square", problem: "100",
      configuration: configuration)
  }

  @Test("what was begun and not ended is on the black list at the next start")
  func blacklist() throws {
    let folder = try ScratchFolder()
    let path = folder.file("journal")
    do {
      let journal = try Journal(path)
      #expect(journal.blacklist.isEmpty)
      try journal.begin(key("good"))
      try journal.end(key("good"), .measured(seconds: 0.5))
      try journal.begin(key("crash"))
    }
    let next = try Journal(path)
    #expect(next.blacklist == [key("crash")])
    #expect(next.outcome(key("good")) == .measured(seconds: 0.5))
    #expect(next.outcome(key("crash")) == nil)
    // Another driver may not crash.
    #expect(!next.blacklist.contains(key("crash", driver: "2")))
  }

  @Test("a start keeps the black list and forgets outcomes")
  func start() throws {
    let folder = try ScratchFolder()
    let path = folder.file("journal")
    do {
      let journal = try Journal(path)
      try journal.begin(key("good"))
      try journal.end(key("good"), .failed(reason: "a \"reason\"\nof two lines"))
      try journal.begin(key("crash"))
    }
    for _ in 0..<2 {
      try Journal.start(path)
      let content = Journal.content(of: path)
      #expect(content.crashed == [key("crash")] && content.open.isEmpty)
      #expect(content.outcomes.isEmpty)
    }
  }

  @Test("a line that was cut off spoils no other")
  func tornLine() throws {
    let folder = try ScratchFolder()
    let path = folder.file("journal")
    try Journal(path).begin(key("crash"))
    try folder.write(folder.text("journal") + "{\"event\":\"begin\",\"ke", to: "journal")
    do {
      let journal = try Journal(path)
      #expect(journal.blacklist == [key("crash")])
      try journal.begin(key("after"))
    }
    #expect(Journal.content(of: path).blacklist == [key("crash"), key("after")])
    try folder.write("\u{0}\u{0}\nnonsense\n{}\n", to: "journal")
    #expect(try Journal(path).blacklist.isEmpty)
  }

  @Test("what a verification found wrong, or what ended it, is distrusted until it is right")
  func verdicts() throws {
    let folder = try ScratchFolder()
    let path = folder.file("journal")
    do {
      let journal = try Journal(path)
      for (name, failures) in [("good", []), ("bad", ["y[1] is 2", "y[3] is 4"])] {
        try journal.beginCheck(key(name))
        try journal.endCheck(key(name), failures: failures)
      }
      try journal.beginCheck(key("crash"))
    }
    do {
      let journal = try Journal(path)
      #expect(journal.verdict(key("good")) == [])
      #expect(journal.verdict(key("bad")) == ["y[1] is 2", "y[3] is 4"])
      #expect(journal.verdict(key("crash")) == nil && journal.blacklist == [key("crash")])
    }
    for _ in 0..<2 {
      try Journal.start(path)
      let journal = try Journal(path)
      #expect(journal.blacklist == [key("crash")])
      for (name, isWrong) in [("good", false), ("bad", true), ("crash", true)] {
        #expect(journal.verdict(key(name)) == nil)
        #expect(journal.distrust.isWrong(key(name)) == isWrong)
        #expect(!journal.distrust.isWrong(key(name, driver: "2")))
      }
    }
    do {
      let journal = try Journal(path)
      try journal.beginCheck(key("bad"))
      try journal.endCheck(key("bad"), failures: [])
    }
    #expect(try !Journal(path).distrust.isWrong(key("bad")))
  }

  @Test("only one at a time holds it")
  func lock() throws {
    let folder = try ScratchFolder()
    let path = folder.file("journal")
    let first = try Journal(path)
    let error = #expect(throws: TuningError.self) { try Journal(path) }
    #expect(error?.why == "another process is tuning")
    withExtendedLifetime(first) {}
  }

  @Test("a line is on the disk before the try begins")
  func synchronized() throws {
    let folder = try ScratchFolder()
    let files = FaultyFiles()
    let journal = try Journal(folder.file("journal"), files: files)
    try journal.begin(key("a"))
    #expect(files.calls.suffix(2) == ["write", "fsync"])
    #expect(try folder.text("journal").hasSuffix("}\n"))
  }

  @Test("a full disk is an error with status 73")
  func fullDisk() throws {
    let folder = try ScratchFolder()
    let journal = try Journal(
      folder.file("journal"), files: FaultyFiles(failing: 1, .error(ENOSPC)))
    let error = #expect(throws: TuningError.self) { try journal.begin(key("a")) }
    #expect(error?.exitStatus == 73 && error?.advice.contains("make room") == true)
  }
}
