/// The decompressed bytes of a part of a file in zlib's format, inflated only as far as they are
/// read.
final class ZlibReader: ByteReader {
  private let inflation: Inflation
  private var ended = false

  let path: String

  /// Reads at most `count` bytes of `file` from where it is.
  init(_ file: InputFile, count: Int) throws(DataError) {
    path = file.path
    inflation = try Inflation(file, header: .zlib, count: count)
  }

  var limit: Int { .max }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    inflation.begin(buffer)
    while inflation.room > 0, !ended {
      try inflation.refill()
      switch inflation.step() {
      case .more: break
      case .ended: ended = true
      case .starved: throw .malformed(path, "cut short: the compressed data end too early")
      case .damaged(let reason): throw .malformed(path, "corrupt compressed data (\(reason))")
      }
    }
    return buffer.count - inflation.room
  }
}
