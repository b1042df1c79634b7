import Foundation
import TestSupport
import Testing
import Training

@Suite struct RunLogTests {
  private func record(_ epoch: Int) -> EpochRecord {
    EpochRecord(
      epoch: epoch, lr: Float(0.1 * 0.2), trainLoss: 0.5, trainError: 12.5, testLoss: nil,
      testError: 10, trainTime: 61.25, testTime: 2, imagesPerSecond: 823.5, parameters: 175066)
  }

  @Test func keysHaveTheirOrderAndNumbersAreShort() throws {
    #expect(
      record(1).line
        == #"{"epoch": 1, "lr": 0.02, "train_loss": 0.5, "train_error": 12.5, "test_loss": null, "#
        + #""test_error": 10.0, "train_time": 61.25, "test_time": 2.0, "#
        + #""images_per_second": 823.5, "n_parameters": 175066}"#)
    var infinite = record(1)
    infinite.trainLoss = .nan
    infinite.testLoss = .infinity
    #expect(infinite.line.contains(#""train_loss": null"#))
    #expect(infinite.line.contains(#""test_loss": null"#))
  }

  @Test func appendsAndReads() throws {
    let folder = try TemporaryFolder()
    let log = RunLog(path: folder.file("log.jsonl"))
    #expect(try log.records() == [])
    for epoch in 1...3 { try log.append(record(epoch)) }
    #expect(try log.records() == (1...3).map(record))
    #expect(try text(of: log.path) == (1...3).map { record($0).line + "\n" }.joined())
  }

  @Test func theTableHasTheSameFields() throws {
    let folder = try TemporaryFolder()
    let table = folder.file("log.csv")
    let log = RunLog(path: folder.file("log.jsonl"), table: table)
    try log.append(record(1))
    var second = record(2)
    (second.testLoss, second.microBatch) = (.infinity, 32)
    try log.append(second)
    let head =
      "epoch,lr,train_loss,train_error,test_loss,test_error,train_time,test_time,"
      + "images_per_second,n_parameters,micro_batch\r\n"
    let first = "1,0.02,0.5,12.5,,10.0,61.25,2.0,823.5,175066,\r\n"
    #expect(
      try text(of: table) == head + first
        + "2,0.02,0.5,12.5,,10.0,61.25,2.0,823.5,175066,32\r\n")
    try log.truncate(toEpoch: 1)
    #expect(try text(of: table) == head + first)
    try log.truncate(toEpoch: 0)
    #expect(try text(of: table) == head)
  }

  @Test("a table that cannot be written leaves the old one, and ends the run with status 73")
  func failedTable() throws {
    let folder = try TemporaryFolder()
    let (path, table) = (folder.file("log.jsonl"), folder.file("log.csv"))
    try RunLog(path: path, table: table).append(record(1))
    let before = try text(of: table)
    // The calls before are those of the log's own line.
    let error = #expect(throws: TrainingError.self) {
      try RunLog(path: path, table: table, files: FaultyFiles(failing: 6, .error(ENOSPC)))
        .append(record(2))
    }
    #expect(error?.exitStatus == 73 && error?.what == table)
    #expect(try text(of: table) == before)
    #expect(try folder.names == ["log.csv", "log.jsonl"])
  }

  @Test(arguments: [0, 2, 5])
  func truncatesToTheCheckpoint(epoch: Int) throws {
    let folder = try TemporaryFolder()
    let log = RunLog(path: folder.file("log.jsonl"))
    for epoch in 1...3 { try log.append(record(epoch)) }
    try log.truncate(toEpoch: epoch)
    #expect(try log.records().map(\.epoch) == Array(1...3).filter { $0 <= epoch })
    #expect(try folder.names == ["log.jsonl"])
  }

  @Test func halfWrittenLastLineIsLeftOut() throws {
    let folder = try TemporaryFolder()
    let log = RunLog(path: folder.file("log.jsonl"))
    let whole = record(1).line + "\n"
    for length in 0..<record(2).line.utf8.count {
      let text = whole + String(record(2).line.prefix(length))
      try Data(text.utf8).write(to: URL(fileURLWithPath: log.path))
      #expect(try log.records() == [record(1)])
    }
    try log.truncate(toEpoch: 2)
    try log.append(record(2))
    #expect(try log.records() == [record(1), record(2)])
  }

  @Test func wrongLineInTheMiddleIsAnError() throws {
    let folder = try TemporaryFolder()
    let log = RunLog(path: folder.file("log.jsonl"))
    let text = record(1).line + "\n{\"epoch\": 2}\n" + record(3).line + "\n"
    try Data(text.utf8).write(to: URL(fileURLWithPath: log.path))
    let error = #expect(throws: TrainingError.self) { try log.records() }
    #expect(error?.exitStatus == 65)
    #expect(error?.why == #"record 2: the key "lr" is missing"#)
  }

  @Test(arguments: [(0, FaultyFiles.Fault.error(EACCES)), (1, .error(ENOSPC)), (2, .error(EIO))])
  func failedAppendLeavesTheFileAsItWas(call: Int, fault: FaultyFiles.Fault) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("log.jsonl")
    try RunLog(path: path).append(record(1))
    let error = #expect(throws: TrainingError.self) {
      try RunLog(path: path, files: FaultyFiles(failing: call, fault)).append(record(2))
    }
    #expect(error?.exitStatus == 73)
    #expect(try text(of: path) == record(1).line + "\n")
  }

  @Test func halfAWriteIsTakenBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("log.jsonl")
    try RunLog(path: path).append(record(1))
    #expect(throws: TrainingError.self) {
      try RunLog(path: path, files: FaultyFiles(failing: 1, .shortWrite)).append(record(2))
    }
    #expect(try text(of: path) == record(1).line + "\n")
  }

  @Test func appendWaitsForTheDisk() throws {
    let folder = try TemporaryFolder()
    let files = FaultyFiles()
    try RunLog(path: folder.file("log.jsonl"), files: files).append(record(1))
    #expect(files.calls == ["open", "write", "fsync", "close"])
  }
}
