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

  private enum CodingKeys: String, CodingKey {
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
    func number(_ value: Double?) -> String {
      value.flatMap { $0.isFinite ? "\($0)" : nil } ?? "null"
    }
    let members: [(CodingKeys, String)] =
      [
        (.epoch, "\(epoch)"), (.lr, lr.isFinite ? "\(lr)" : "null"),
        (.trainLoss, number(trainLoss)), (.trainError, number(trainError)),
        (.testLoss, number(testLoss)), (.testError, number(testError)),
        (.trainTime, number(trainTime)), (.testTime, number(testTime)),
        (.imagesPerSecond, number(imagesPerSecond)), (.parameters, "\(parameters)"),
      ] + (microBatch.map { [(.microBatch, "\($0)")] } ?? [])
    let texts = members.map { "\"\($0.rawValue)\": \($1)" }
    return "{" + texts.joined(separator: ", ") + "}"
  }
}

/// The file log.jsonl: one object an epoch.
package struct RunLog: Sendable {
  /// Where the file lies.
  package let path: String
  private let files: any FileOperations

  package init(path: String, files: any FileOperations = SystemFiles()) {
    self.path = path
    self.files = files
  }

  /// Adds a record and waits until it is on the disk; throws with status 73.
  ///
  /// After a failure the file is as it was.
  package func append(_ record: EpochRecord) throws(TrainingError) {
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
  /// Throws with status 65 or 73; the file is replaced whole.
  package func truncate(toEpoch epoch: Int) throws(TrainingError) {
    let kept = try records().filter { $0.epoch <= epoch }
    let text = kept.map { $0.line + "\n" }.joined()
    try AtomicFile.write([Array(text.utf8)], to: path, files: files)
  }
}
