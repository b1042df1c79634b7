import CZlib

/// The decompressed bytes of a part of a file in zlib's format, inflated only as far as they are
/// read.
final class ZlibReader: ByteReader {
  private static let inputSize = 1 << 16

  private let file: InputFile
  private var left: Int
  private let input: UnsafeMutableRawBufferPointer
  // zlib keeps the address of the stream, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var ended = false

  /// Reads at most `count` bytes of `file` from where it is.
  init(_ file: InputFile, count: Int) throws(DataError) {
    self.file = file
    left = count
    input = .allocate(byteCount: min(Self.inputSize, max(count, 1)), alignment: 1)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
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

  var limit: Int { .max }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(buffer.count)
    while stream.pointee.avail_out > 0, !ended {
      try refill()
      switch inflate(stream, Z_NO_FLUSH) {
      case Z_OK: break
      case Z_STREAM_END: ended = true
      case Z_BUF_ERROR: throw .malformed(path, "cut short: the compressed data end too early")
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "unknown reason"
        throw .malformed(path, "corrupt compressed data (\(reason))")
      }
    }
    return buffer.count - Int(stream.pointee.avail_out)
  }

  private func refill() throws(DataError) {
    guard stream.pointee.avail_in == 0, left > 0 else { return }
    let wanted = UnsafeMutableRawBufferPointer(rebasing: input[..<min(input.count, left)])
    let got = try file.read(into: wanted)
    left = got < wanted.count ? 0 : left - got
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(got)
  }
}
