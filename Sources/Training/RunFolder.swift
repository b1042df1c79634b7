import Files
import Glibc

/// The output folder of a run, locked as long as the object lives.
package final class RunFolder: Sendable {
  /// The folder's path.
  package let path: String
  private let lock: Int32

  /// The options of the run.
  package var config: String { RunFolder.config(in: path) }
  /// One JSON object an epoch.
  package var log: String { path + "/log.jsonl" }
  /// The same as a table.
  package var table: String { path + "/log.csv" }
  /// The state after the last epoch, or in the middle of one that was interrupted.
  package var lastCheckpoint: String { RunFolder.lastCheckpoint(in: path) }
  /// The state with the lowest test error.
  package var bestCheckpoint: String { RunFolder.bestCheckpoint(in: path) }
  /// The curves as a page.
  package var report: String { path + "/report.html" }

  /// The folder of one of several runs, counted from 1.
  package static func part(_ number: Int, of folder: String) -> String { "\(folder)/run-\(number)" }
  package static func config(in folder: String) -> String { folder + "/config.json" }
  package static func lastCheckpoint(in folder: String) -> String {
    folder + "/checkpoint-last.safetensors"
  }
  package static func bestCheckpoint(in folder: String) -> String {
    folder + "/checkpoint-best.safetensors"
  }

  /// Creates the folder where it is missing, and locks it.
  ///
  /// Throws with status 73 when it cannot be written, when another process trains into it, or when
  /// it holds a checkpoint that a run without `resume` would overwrite.
  package init(_ path: String, resume: Bool) throws(TrainingError) {
    try RunFolder.create(path)
    let lock = open(path + "/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard lock >= 0 else {
      throw TrainingError(
        .cannotWrite, path, why: "cannot be written: \(String(cString: strerror(errno)))",
        advice: "check its permissions, or choose another --output")
    }
    self.path = path
    self.lock = lock
    // A file system without locks must not keep anybody from training.
    while flock(lock, LOCK_EX | LOCK_NB) != 0 && errno != ENOLCK && errno != EOPNOTSUPP {
      if errno == EINTR { continue }
      throw TrainingError(
        .cannotWrite, path, why: "another process is training into it",
        advice: "wait for it, or choose another --output")
    }
    if !resume && hasCheckpoint {
      throw TrainingError(
        .cannotWrite, path, why: "it holds the checkpoint of an earlier run",
        advice: "continue that run with --resume, or choose another --output")
    }
    removeTemporaries()
  }

  // The lock goes with the descriptor. The file stays: a process that removed it could take a lock
  // that another one, which opened it a moment before, believes to hold.
  deinit { close(lock) }

  /// Whether a run can be resumed from here.
  package var hasCheckpoint: Bool {
    access(lastCheckpoint, F_OK) == 0 || access(bestCheckpoint, F_OK) == 0
  }

  private static func create(_ path: String) throws(TrainingError) {
    var end = path.startIndex
    while end < path.endIndex {
      end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
      let part = String(path[..<end])
      if mkdir(part, 0o777) == 0 {
        synchronize(AtomicFile.folder(of: part))
        continue
      }
      if isFolder(part) { continue }
      throw TrainingError(
        .cannotWrite, path, why: "cannot be created: \(String(cString: strerror(errno)))",
        advice: "choose another --output")
    }
    if path.isEmpty {
      throw TrainingError(
        .cannotWrite, "output folder", why: "its name is empty", advice: "give --output a name")
    }
  }

  /// Puts a folder's names on the disk where the file system can: a new folder whose name is lost
  /// takes the files in it away, however safely these were written.
  private static func synchronize(_ folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func isFolder(_ path: String) -> Bool {
    let code = errno
    defer { errno = code }
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Removes what a killed process left; nobody else writes here while the lock is held.
  private func removeTemporaries() {
    guard let folder = opendir(path) else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(AtomicFile.temporaryPrefix) && name.hasSuffix(AtomicFile.temporarySuffix) {
        unlink(path + "/" + name)
      }
    }
  }
}
