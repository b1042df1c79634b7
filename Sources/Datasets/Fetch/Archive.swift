import CArchive
import Foundation

/// Unpacks a compressed tar archive whose contents are not trusted.
///
/// Only folders and regular files are made, all inside the given folder; an archive with anything
/// else, or with more than it should have, is refused by the name of the entry.
enum Archive {
  /// What an archive holds.
  struct Content: Sendable {
    /// The folder that its files lie in.
    var folder: String
    /// The most files and folders.
    var entries: Int
    /// The most bytes of all files together.
    var bytes: Int
  }

  /// Unpacks `archive` into `folder`, which must be new and the caller's own.
  ///
  /// Throws `malformed` for a broken or hostile archive, `unwritable` for a full disk.
  static func unpack(_ archive: URL, into folder: URL, limits: Content) throws(DataError) {
    _ = try InputFile(archive)
    guard let reader = archive_read_new() else {
      throw .malformed(archive.path, "no memory to unpack it")
    }
    defer { archive_read_free(reader) }
    archive_read_support_filter_gzip(reader)
    archive_read_support_format_tar(reader)
    guard archive_read_open_filename(reader, archive.path, 1 << 16) == ARCHIVE_OK else {
      throw broken(reader, archive)
    }
    var entries = 0
    var bytes = 0
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(reader, &entry)
      if status == ARCHIVE_EOF { break }
      guard status >= ARCHIVE_WARN, let entry else { throw broken(reader, archive) }
      let name = archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
      entries += 1
      guard entries <= limits.entries else {
        throw refused(name, archive, "more than \(limits.entries) files and folders")
      }
      let parts = try components(of: name, in: archive)
      let type = archive_entry_filetype(entry)
      guard archive_entry_hardlink(entry) == nil, type & S_IFMT != S_IFLNK else {
        throw refused(name, archive, "a link")
      }
      switch type & S_IFMT {
      case S_IFDIR:
        try makeFolders(parts, in: folder, name: name, archive: archive)
      case S_IFREG:
        guard !parts.isEmpty else { throw refused(name, archive, "no name") }
        try makeFolders(parts.dropLast(), in: folder, name: name, archive: archive)
        let file = folder.path + "/" + parts.joined(separator: "/")
        try write(
          reader, to: file, limit: limits.bytes, total: &bytes, name: name, archive: archive)
      default: throw refused(name, archive, "neither a file nor a folder")
      }
    }
    guard entries > 0 else { throw .malformed(archive.path, "an empty archive") }
  }

  /// The parts of an entry's path, of which none leads out of the folder.
  private static func components(
    of name: String, in archive: URL
  ) throws(DataError) -> [String] {
    guard !name.isEmpty else { throw refused(name, archive, "no name") }
    guard !name.hasPrefix("/") else { throw refused(name, archive, "an absolute path") }
    let parts = name.split(separator: "/").map(String.init).filter { $0 != "." }
    guard !parts.contains("..") else { throw refused(name, archive, "it leaves the folder") }
    return parts
  }

  private static func makeFolders(
    _ parts: some Collection<String>, in folder: URL, name: String, archive: URL
  ) throws(DataError) {
    var path = folder.path
    for part in parts {
      path += "/" + part
      if mkdir(path, 0o777) == 0 { continue }
      guard errno == EEXIST else { throw unwritable(path, errno) }
      guard isFolder(path) else { throw refused(name, archive, "a file lies in its place") }
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func write(
    _ reader: OpaquePointer, to path: String, limit: Int, total: inout Int, name: String,
    archive: URL
  ) throws(DataError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw errno == EEXIST ? refused(name, archive, "it is there twice") : unwritable(path, errno)
    }
    defer { close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let got = archive_read_data(reader, buffer.baseAddress, buffer.count)
      if got == 0 { break }
      guard got > 0 else { throw broken(reader, archive) }
      total += got
      guard total <= limit else {
        throw refused(name, archive, "more than \(limit) bytes in all")
      }
      var rest = UnsafeRawBufferPointer(rebasing: buffer[..<got])
      while !rest.isEmpty {
        let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { throw unwritable(path, written < 0 ? errno : ENOSPC) }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
      }
    }
    // The folder gets its name only after its files are on the disk.
    guard fsync(descriptor) == 0 else { throw unwritable(path, errno) }
  }

  private static func refused(_ name: String, _ archive: URL, _ why: String) -> DataError {
    .malformed(archive.path, "refused at its entry \"\(name)\": \(why)")
  }

  private static func broken(_ reader: OpaquePointer, _ archive: URL) -> DataError {
    let reason = archive_error_string(reader).map { String(cString: $0) } ?? "unknown reason"
    return .malformed(archive.path, "a broken archive (\(reason))")
  }

  private static func unwritable(_ path: String, _ code: Int32) -> DataError {
    .unwritable(path, String(cString: strerror(code)))
  }
}
