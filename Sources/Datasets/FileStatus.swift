// The compiler takes the system's struct stat for libarchive's, whose headers include it.
import CArchive
import Foundation

/// What the system knows of a file or folder.
struct FileStatus {
  enum Kind {
    case file
    case folder
    /// A pipe or a device.
    case other
  }

  let kind: Kind
  let size: Int
  let device: UInt64
  /// Of the file or folder on its device.
  let number: UInt64

  /// Of what a path leads to; nil, with the reason in `errno`, where there is nothing.
  init?(_ path: FilePath) {
    var status = stat()
    guard path.withCString({ stat($0, &status) }) == 0 else { return nil }
    self.init(status)
  }

  /// Of an open file; nil, with the reason in `errno`, where the system does not say.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    default: kind = .other
    }
    size = Int(status.st_size)
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
  }
}
