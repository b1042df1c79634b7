import CArchive
import Foundation

/// The files in a zip archive, stored or deflated.
enum ZipArchive {
  /// Calls `body` with the name of each file and the reader of its bytes, which it need not read.
  ///
  /// Throws `malformed` for a broken archive.
  static func forEachFile(
    in url: URL, _ body: (String, any ByteReader) throws(DataError) -> Void
  ) throws(DataError) {
    guard let archive = archive_read_new() else {
      throw .malformed(url.path, "no memory to unpack it")
    }
    defer { archive_read_free(archive) }
    // By the table at its end: one that is cut short is not read as far as it goes.
    archive_read_support_format_zip_seekable(archive)
    guard archive_read_open_filename(archive, url.path, 1 << 16) == ARCHIVE_OK else {
      throw broken(archive, url.path)
    }
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { return }
      guard status == ARCHIVE_OK, let entry else { throw broken(archive, url.path) }
      let name = archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
      try body(name, Entry(archive, path: url.path))
    }
  }

  fileprivate static func broken(_ archive: OpaquePointer, _ path: String) -> DataError {
    let reason = archive_error_string(archive).map { String(cString: $0) } ?? "unknown reason"
    return .malformed(path, "a broken zip archive (\(reason))")
  }

  /// The bytes of the file that the archive is at.
  private final class Entry: ByteReader {
    private let archive: OpaquePointer
    let path: String
    let limit = Int.max

    init(_ archive: OpaquePointer, path: String) {
      self.archive = archive
      self.path = path
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
      // Other methods may take whatever memory a file says.
      let method = archive_format_name(archive).map { String(cString: $0) } ?? ""
      guard method.hasSuffix("(uncompressed)") || method.hasSuffix("(deflation)") else {
        throw .malformed(path, "a zip archive that is neither stored nor deflated")
      }
      let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
      guard count >= 0 else { throw broken(archive, path) }
      return count
    }
  }
}
