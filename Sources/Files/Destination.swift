import Glibc

/// What the path of an output stands for.
package enum Destination: Hashable, Sendable {
  /// A file, there or not, that is replaced whole.
  case file(String)
  /// A pipe or a device, which is written to.
  case stream(String)
  /// An open descriptor, named by /dev/stdout, /dev/fd/N or the like.
  case descriptor(Int32)

  /// Follows links, one that leads to nothing as well: that creates its target.
  package init(_ path: String) throws(FileError) {
    var path = path
    for _ in 0..<40 {
      if let number = Destination.descriptor(named: path) {
        self = .descriptor(number)
        return
      }
      var status = stat()
      guard lstat(path, &status) == 0 else {
        self = .file(path)
        return
      }
      switch status.st_mode & S_IFMT {
      case S_IFREG:
        self = .file(path)
        return
      case S_IFDIR: throw FileError(call: "open", code: EISDIR)
      case S_IFLNK:
        let target = try Destination.target(of: path)
        path = target.hasPrefix("/") ? target : AtomicFile.folder(of: path) + "/" + target
      default:
        self = .stream(path)
        return
      }
    }
    throw FileError(call: "readlink", code: ELOOP)
  }

  /// Whether what is written to `path` goes to standard output.
  package static func isStandardOutput(_ path: String) -> Bool {
    (try? Destination(path)) == .descriptor(STDOUT_FILENO)
  }

  private static func descriptor(named path: String) -> Int32? {
    for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
      return Int32(path.dropFirst(folder.count))
    }
    return nil
  }

  private static func target(of link: String) throws(FileError) -> String {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(link, &bytes, bytes.count)
    guard count >= 0 else { throw FileError(call: "readlink", code: errno) }
    guard let target = String(validating: bytes[..<count], as: UTF8.self) else {
      throw FileError(call: "readlink", code: EILSEQ)
    }
    return target
  }
}
