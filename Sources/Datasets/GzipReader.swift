import CZlib

/// The decompressed bytes of a gzip file, inflated only as far as they are read.
final class GzipReader: ByteReader {
  private static let inputSize = 1 << 16
  /// Deflate never makes more than 1032 bytes of one.
  private static let largestRatio = 1032

  private let file: InputFile
  private let input: UnsafeMutableRawBufferPointer
  // zlib keeps the address of the stream, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var fileEnded = false
  private var memberEnded = false
  private var members = 1

  /// Whether `file` starts as a gzip file does.
  static func accepts(_ file: InputFile) -> Bool { file.starts(with: [0x1F, 0x8B]) }

  init(_ file: InputFile) throws(DataError) {
    self.file = file
    input = .allocate(byteCount: Self.inputSize, alignment: 1)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 16 more than the window size: a gzip header is required.
    let status = inflateInit2_(
      stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw DataError.malformed(file.path, "zlib cannot start (status \(status))")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  var path: String { file.path }

  var limit: Int {
    let (product, overflow) = file.size.multipliedReportingOverflow(by: Self.largestRatio)
    return overflow ? .max : product
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(buffer.count)
    while stream.pointee.avail_out > 0 {
      try refill()
      if memberEnded {
        if stream.pointee.avail_in == 0 { break }
        inflateReset(stream)
        memberEnded = false
        members += 1
      }
      switch inflate(stream, Z_NO_FLUSH) {
      case Z_OK: break
      case Z_STREAM_END: memberEnded = true
      case Z_BUF_ERROR where !fileEnded: break
      case Z_BUF_ERROR: throw damage("cut short: the gzip data ends too early")
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "unknown reason"
        throw damage("corrupt gzip data (\(reason))")
      }
    }
    return buffer.count - Int(stream.pointee.avail_out)
  }

  private func refill() throws(DataError) {
    guard stream.pointee.avail_in == 0, !fileEnded else { return }
    let got = try file.read(into: input)
    fileEnded = got < input.count
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(got)
  }

  private func damage(_ why: String) -> DataError {
    let isTrailer = members > 1 && stream.pointee.total_out == 0
    return .malformed(path, isTrailer ? "other bytes follow the end of the gzip data" : why)
  }
}
