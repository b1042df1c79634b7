import Files
import Foundation
import Glibc
import Protobuf

/// A file of TensorBoard's events, which grows; one for each start of a run.
final class EventFile {
  let path: String
  private let descriptor: Int32
  private let files: any FileOperations

  /// Creates a file in `folder` whose name sorts behind those that are there, as readers want it,
  /// and says that the run goes on with `step`: what older files have of it and of later ones does
  /// not count.
  ///
  /// Throws with status 73.
  init(folder: String, step: Int, files: any FileOperations = SystemFiles()) throws(TrainingError) {
    let number = max(
      Int(Date().timeIntervalSince1970), (EventFile.numbers(in: folder).max() ?? 0) &+ 1)
    let path = "\(folder)/\(EventFile.prefix)\(number).widecl"
    self.path = path
    self.files = files
    do throws(FileError) {
      descriptor = try files.open(path, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
    } catch { throw EventFile.failure(path, error) }
    try append([(step, .version), (step, .sessionStart)])
  }

  deinit { try? files.close(descriptor) }

  /// Adds events, each behind so many steps of the run; throws with status 73.
  func append(_ events: [(step: Int, content: Event.Content)]) throws(TrainingError) {
    let time = Date().timeIntervalSince1970
    let frames = events.flatMap { step, content in
      RecordFrame.framed(
        Array(Event(time: time, step: step, content: content).message.pieces.joined()))
    }
    do throws(FileError) { try files.writeAll(descriptor, frames) } catch {
      throw EventFile.failure(path, error)
    }
  }

  /// Waits until everything is on the disk; throws with status 73.
  func synchronize() throws(TrainingError) {
    do throws(FileError) { try files.synchronize(descriptor) } catch {
      throw EventFile.failure(path, error)
    }
  }

  private static let prefix = "events.out.tfevents."

  /// The numbers in the names of a folder's event files, seconds since 1970 or a little more: a
  /// clock may be set back.
  static func numbers(in folder: String) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix(prefix) }.compactMap {
      $0.dropFirst(prefix.count).split(separator: ".").first.flatMap { Int($0) }
    }
  }

  private static func failure(_ path: String, _ error: FileError) -> TrainingError {
    TrainingError(
      .cannotWrite, path, why: "cannot be written: \(error.reason)",
      advice: "make room on the disk or check the folder's permissions")
  }
}
