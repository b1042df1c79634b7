import Files
import Foundation
import Glibc

/// The user's tuning results in the cache folder.
package struct TuningStore: Sendable {
  /// The folder; made when it is first written to.
  package let folder: String
  private let kernels: String
  private let files: any FileOperations

  /// A store whose journal is that of tries with `kernels`, a digest of their sources.
  package init(folder: String, kernels: String = "", files: any FileOperations = SystemFiles()) {
    self.folder = folder
    self.kernels = kernels
    self.files = files
  }

  /// The results.
  package var path: String { folder + "/tuning.json" }
  /// The journal of tries.
  ///
  /// Other kernels have another: what one of them did wrong is none of theirs.
  package var journal: String {
    folder + "/tuning-journal" + (kernels.isEmpty ? "" : "-" + kernels) + ".jsonl"
  }

  /// What checks of operations in use found.
  package var checks: String { folder + "/checks.jsonl" }

  /// What `load` found.
  package struct Content: Sendable {
    package var database = TuningDatabase()
    /// One line for each file that was put aside.
    package var complaints: [String] = []

    package init(database: TuningDatabase = TuningDatabase(), complaints: [String] = []) {
      self.database = database
      self.complaints = complaints
    }
  }

  /// The user's results; none where there is no file.
  ///
  /// A file that is damaged or of another version is renamed and never used.
  package func load() -> Content {
    guard let data = FileManager.default.contents(atPath: path) else { return Content() }
    do {
      return Content(database: try TuningDatabase(json: Array(data), path: path))
    } catch {
      let aside = path + ".damaged"
      var complaint = "\(path): \(error.why)"
      do {
        try files.rename(path, to: aside)
        complaint += "; put aside as \(aside)"
      } catch { complaint += "; ignored" }
      return Content(complaints: [complaint])
    }
  }

  /// What the journal says is not to be used.
  package var distrust: Distrust { Distrust(Journal.content(of: journal)) }

  /// Merges `changes` into the file, as one of several processes that may do so.
  package func save(_ changes: TuningDatabase) throws(TuningError) {
    try createFolder()
    try withLock { () throws(TuningError) in
      var database = load().database
      database.merge(changes)
      try write(database.json)
    }
  }

  /// Removes the results, the black list, and what checks found.
  package func clear() throws(TuningError) {
    for file in [path, journal, checks] where access(file, F_OK) == 0 {
      do { try files.remove(file) } catch { throw cannotWrite(file, error) }
    }
  }

  /// Makes the folder where it is missing.
  package func createFolder() throws(TuningError) {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw TuningError(
        .cannotWrite, folder, why: "cannot be created",
        advice: "check its permissions, or set XDG_CACHE_HOME")
    }
  }

  private func write(_ bytes: [UInt8]) throws(TuningError) {
    do { try AtomicFile.replace(path, by: [bytes], files: files) } catch {
      throw cannotWrite(path, error)
    }
  }

  private func withLock(_ body: () throws(TuningError) -> Void) throws(TuningError) {
    let lock = folder + "/tuning.lock"
    let descriptor: Int32
    do { descriptor = try files.open(lock, flags: O_RDWR | O_CREAT, mode: 0o666) } catch {
      throw cannotWrite(lock, error)
    }
    defer { try? files.close(descriptor) }
    // Held only while the file is read and written; without locks the last writer merges.
    while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
    try body()
  }

  private func cannotWrite(_ file: String, _ error: FileError) -> TuningError {
    TuningError(
      .cannotWrite, file, why: "cannot be written: \(error.reason)",
      advice: error.code == ENOSPC || error.code == EDQUOT
        ? "make room on the disk" : "check the folder and its permissions, or set XDG_CACHE_HOME")
  }
}
