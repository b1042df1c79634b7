import Files
import Foundation
import Glibc

/// What is logged about one epoch.
package struct EpochRecord: Codable, Hashable, Sendable {
  /// Counted from 1.
  package var epoch: Int
  /// The learning rate of the epoch's last step, as the kernel was given it.
  package var lr: Float
  /// The mean loss of the training images while they were learned.
  package var trainLoss: Double?
  /// The training images classified wrongly while they were learned, in per cent.
  package var trainError: Double?
  /// The mean loss of the test images after the epoch; nil when they were not looked at.
  package var testLoss: Double?
  /// The test images classified wrongly after the epoch, in per cent.
  package var testError: Double?
  /// Seconds of training.
  package var trainTime: Double
  /// Seconds of testing.
  package var testTime: Double
  /// Training images a second.
  package var imagesPerSecond: Double
  /// The number of trained parameters.
  package var parameters: Int
  /// Images of a part, at most, where batches went in parts; nil where they went whole.
  package var microBatch: Int?

  package init(
    epoch: Int, lr: Float, trainLoss: Double?, trainError: Double?, testLoss: Double?,
    testError: Double?, trainTime: Double, testTime: Double, imagesPerSecond: Double,
    parameters: Int, microBatch: Int? = nil
  ) {
    self.epoch = epoch
    self.lr = lr
    self.trainLoss = trainLoss
    self.trainError = trainError
    self.testLoss = testLoss
    self.testError = testError
    self.trainTime = trainTime
    self.testTime = testTime
    self.imagesPerSecond = imagesPerSecond
    self.parameters = parameters
    self.microBatch = microBatch
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case epoch, lr
    case trainLoss = "train_loss"
    case trainError = "train_error"
    case testLoss = "test_loss"
    case testError = "test_error"
    case trainTime = "train_time"
    case testTime = "test_time"
    case imagesPerSecond = "images_per_second"
    case parameters = "n_parameters"
    case microBatch = "micro_batch"
  }

  /// One JSON object with the keys in the order of the properties; what is not finite is null.
  ///
  /// Foundation's encoder promises no order but the alphabet's.
  package var line: String {
    let members = CodingKeys.allCases.filter { $0 != .microBatch || microBatch != nil }
      .map { "\"\($0.rawValue)\": \(text(of: $0) ?? "null")" }
    return "{" + members.joined(separator: ", ") + "}"
  }

  /// The names of the fields as a line of CSV.
  package static let tableHead = CodingKeys.allCases.map(\.rawValue).joined(separator: ",")

  /// The fields as a line of CSV; what is missing or not finite is empty.
  package var tableRow: String {
    CodingKeys.allCases.map { text(of: $0) ?? "" }.joined(separator: ",")
  }

  /// A field as a number in text; nil for none that is finite.
  private func text(of key: CodingKeys) -> String? {
    func number(_ value: Double?) -> String? {
      value.flatMap { $0.isFinite ? "\($0)" : nil }
    }
    return switch key {
    case .epoch: "\(epoch)"
    case .lr: lr.isFinite ? "\(lr)" : nil
    case .trainLoss: number(trainLoss)
    case .trainError: number(trainError)
    case .testLoss: number(testLoss)
    case .testError: number(testError)
    case .trainTime: number(trainTime)
    case .testTime: number(testTime)
    case .imagesPerSecond: number(imagesPerSecond)
    case .parameters: "\(parameters)"
    case .microBatch: microBatch.map { "\($0)" }
    }
  }
}

/// The file log.jsonl, one object an epoch, and the same as a table, log.csv.
package struct RunLog: Sendable {
  /// Where the file lies.
  package let path: String
  /// Where the table lies; nil for none.
  private let table: String?
  private let files: any FileOperations

  package init(path: String, table: String? = nil, files: any FileOperations = SystemFiles()) {
    self.path = path
    self.table = table
    self.files = files
  }

  /// Adds a record and waits until it is on the disk, then makes the table anew; throws with
  /// status 73.
  ///
  /// After a failure each file is as it was: the table never has an epoch that the log has not.
  package func append(_ record: EpochRecord) throws(TrainingError) {
    try appendLine(record)
    if table != nil { try writeTable(records()) }
  }

  private func appendLine(_ record: EpochRecord) throws(TrainingError) {
    do throws(FileError) {
      let descriptor = try files.open(path, flags: O_WRONLY | O_CREAT | O_APPEND, mode: 0o666)
      defer { try? files.close(descriptor) }
      let length = lseek(descriptor, 0, SEEK_END)
      do throws(FileError) {
        try files.writeAll(descriptor, Array((record.line + "\n").utf8))
        try files.synchronize(descriptor)
      } catch {
        // Half a line would swallow the next one.
        if length >= 0 { try? files.truncate(descriptor, to: length) }
        throw error
      }
    } catch {
      throw TrainingError(
        .cannotWrite, path, why: "cannot be written: \(error.reason)",
        advice: "make room on the disk or check the folder's permissions")
    }
  }

  /// Writes the table whole or not at all, with the line ends of RFC 4180.
  private func writeTable(_ records: [EpochRecord]) throws(TrainingError) {
    guard let table else { return }
    let lines = [EpochRecord.tableHead] + records.map(\.tableRow)
    let text = lines.map { $0 + "\r\n" }.joined()
    try AtomicFile.write([Array(text.utf8)], to: table, files: files)
  }

  /// The records in the file, none when there is no file.
  ///
  /// A half-written last line is left out; any other line that is no record throws with status 65.
  package func records() throws(TrainingError) -> [EpochRecord] {
    if access(path, F_OK) != 0 && errno == ENOENT { return [] }
    let file = try InputFile(path)
    let lines = try file.read(file.size).split(separator: UInt8(ascii: "\n"))
    var records: [EpochRecord] = []
    for (index, line) in lines.enumerated() {
      do { records.append(try JSONDecoder().decode(EpochRecord.self, from: Data(line))) } catch {
        if index == lines.count - 1 { break }
        let why = (error as? DecodingError)?.summary ?? "cannot be decoded"
        throw TrainingError(
          .badData, path, why: "record \(index + 1): \(why)",
          advice: "remove the line, or the file")
      }
    }
    return records
  }

  /// Keeps the records of epochs 1 to `epoch`, all that the checkpoint has, and drops the rest.
  ///
  /// Throws with status 65 or 73; log and table are replaced whole.
  package func truncate(toEpoch epoch: Int) throws(TrainingError) {
    let kept = epoch == 0 ? [] : try records().filter { $0.epoch <= epoch }
    let text = kept.map { $0.line + "\n" }.joined()
    try AtomicFile.write([Array(text.utf8)], to: path, files: files)
    try writeTable(kept)
  }
}
