import Glibc

/// Replaces files whole: a reader sees the old content or the new one, never a mixture.
///
/// A link is followed and its target replaced; a pipe, a device or a descriptor such as /dev/stdout,
/// which cannot be replaced, is written to.
package enum AtomicFile {
  /// How the names of temporary files begin and end.
  package static let temporaryPrefix = ".widecl-"
  package static let temporarySuffix = ".partial"

  /// Writes the chunks one after the other to the file at `path`.
  ///
  /// Until the rename every failure leaves the old file as it was and no temporary behind. When
  /// only the last step, making the rename durable, fails, the new file is already in place, whole.
  package static func replace(
    _ path: String, by chunks: [[UInt8]], files: any FileOperations = SystemFiles()
  ) throws(FileError) {
    switch try Destination(path) {
    case .file(let path): try replaceFile(path, by: chunks, files: files)
    case .stream(let path):
      let descriptor = try files.open(path, flags: O_WRONLY | O_NOCTTY, mode: 0)
      do throws(FileError) { try files.writeAll(descriptor, chunks) } catch {
        try? files.close(descriptor)
        throw error
      }
      try files.close(descriptor)
    case .descriptor(let descriptor):
      do throws(FileError) { try files.writeAll(descriptor, chunks) } catch {
        // As with everything that is printed: a reader may go when it has enough.
        if error.code != EPIPE || descriptor != STDOUT_FILENO { throw error }
      }
    }
  }

  private static func replaceFile(
    _ path: String, by chunks: [[UInt8]], files: any FileOperations
  ) throws(FileError) {
    let folder = folder(of: path)
    let folderDescriptor = try files.open(folder, flags: O_RDONLY | O_DIRECTORY, mode: 0)
    defer { try? files.close(folderDescriptor) }
    let random = String(UInt64.random(in: .min ... .max), radix: 16)
    let temporary = "\(folder)/\(temporaryPrefix)\(random)\(temporarySuffix)"
    let descriptor = try files.open(temporary, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
    do throws(FileError) {
      do throws(FileError) {
        try files.writeAll(descriptor, chunks)
        // A file system may put the rename on disk before the data. Without this fsync a power
        // loss between the two leaves the final name on an empty or half-written file.
        try files.synchronize(descriptor)
      } catch {
        try? files.close(descriptor)
        throw error
      }
      // Network file systems report a full disk only here.
      try files.close(descriptor)
      try files.rename(temporary, to: path)
    } catch {
      try? files.remove(temporary)
      throw error
    }
    // The rename lives in the folder; until the folder is on disk a power loss brings the old
    // file back. Some file systems cannot sync a folder and say EINVAL.
    do { try files.synchronize(folderDescriptor) } catch {
      if error.code != EINVAL { throw error }
    }
  }

  /// The folder a path lies in: "." for a bare name.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
