/// The decompressed bytes of a gzip file, inflated only as far as they are read.
///
/// Zero bytes behind a member are skipped, as gzip and Python do: tapes and some archives pad files.
final class GzipReader: ByteReader {
  /// Deflate never makes more than 1032 bytes of one.
  private static let largestRatio = 1032

  private let file: InputFile
  private let inflation: Inflation
  private var memberEnded = false
  private var members = 1

  /// Whether `file` starts as a gzip file does.
  static func accepts(_ file: InputFile) -> Bool { file.starts(with: [0x1F, 0x8B]) }

  init(_ file: InputFile) throws(DataError) {
    self.file = file
    inflation = try Inflation(file, header: .gzip)
  }

  var path: String { file.path }

  var limit: Int {
    let (product, overflow) = file.size.multipliedReportingOverflow(by: Self.largestRatio)
    return overflow ? .max : product
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    inflation.begin(buffer)
    while inflation.room > 0 {
      try inflation.refill()
      if memberEnded {
        inflation.skipZeros()
        if !inflation.hasInput {
          if inflation.inputEnded { break }
          continue
        }
        inflation.restart()
        memberEnded = false
        members += 1
      }
      switch inflation.step() {
      case .more: break
      case .ended: memberEnded = true
      case .starved where !inflation.inputEnded: break
      case .starved: throw damage("cut short: the gzip data ends too early")
      case .damaged(let reason): throw damage("corrupt gzip data (\(reason))")
      }
    }
    return buffer.count - inflation.room
  }

  private func damage(_ why: String) -> DataError {
    let isTrailer = members > 1 && inflation.count == 0
    return .malformed(path, isTrailer ? "other bytes follow the end of the gzip data" : why)
  }
}
