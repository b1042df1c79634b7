import Files
import Glibc

extension AtomicFile {
  /// Writes the chunks one after the other to the file at `path`; throws with status 73.
  package static func write(
    _ chunks: [[UInt8]], to path: String, files: any FileOperations = SystemFiles()
  ) throws(TrainingError) {
    do { try replace(path, by: chunks, files: files) } catch {
      throw TrainingError(
        .cannotWrite, path, why: "cannot be written: \(error.reason)",
        advice: error.code == ENOSPC || error.code == EDQUOT
          ? "make room on the disk or choose another folder"
          : "check the folder and its permissions, or choose another one")
    }
  }
}
