import CZlib

/// zlib's state and the compressed bytes that it reads from a file, piece by piece.
final class Inflation {
  /// What begins compressed data, as zlib's window bits say it.
  enum Header: Int32 {
    case zlib = 15
    case gzip = 31
  }

  /// How far a step came.
  enum Step: Equatable {
    case more
    /// Nothing more can be done with the bytes there are.
    case starved
    case ended
    case damaged(String)
  }

  private static let inputSize = 1 << 16

  /// Whether the file has no more bytes of the compressed data.
  private(set) var inputEnded: Bool
  private let file: InputFile
  private var left: Int
  private let input: UnsafeMutableRawBufferPointer
  // zlib keeps the address of the stream, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  /// Reads at most `count` bytes of `file` from where it is.
  init(_ file: InputFile, header: Header, count: Int = .max) throws(DataError) {
    self.file = file
    left = count
    inputEnded = count == 0
    input = .allocate(byteCount: min(Self.inputSize, max(count, 1)), alignment: 1)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(
      stream, header.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      throw DataError.malformed(file.path, "zlib cannot start (status \(status))")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  /// Bytes of `output` that are not filled yet.
  var room: Int { Int(stream.pointee.avail_out) }
  /// Whether compressed bytes are there that no step has taken.
  var hasInput: Bool { stream.pointee.avail_in > 0 }
  /// Bytes that came out since the start or the last `restart`.
  var count: Int { Int(stream.pointee.total_out) }

  /// Takes the buffer that the next steps fill.
  func begin(_ output: UnsafeMutableRawBufferPointer) {
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(output.count)
  }

  /// Reads compressed bytes where none are left.
  func refill() throws(DataError) {
    guard !hasInput, !inputEnded else { return }
    let wanted = UnsafeMutableRawBufferPointer(rebasing: input[..<min(input.count, left)])
    let got = try file.read(into: wanted)
    left -= got
    inputEnded = got < wanted.count || left == 0
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(got)
  }

  func step() -> Step {
    switch inflate(stream, Z_NO_FLUSH) {
    case Z_OK: .more
    case Z_STREAM_END: .ended
    case Z_BUF_ERROR: .starved
    default: .damaged(stream.pointee.msg.map { String(cString: $0) } ?? "unknown reason")
    }
  }

  /// Drops zero bytes that lie before the next others, as far as they are read.
  func skipZeros() {
    while hasInput, stream.pointee.next_in?.pointee == 0 {
      stream.pointee.next_in += 1
      stream.pointee.avail_in -= 1
    }
  }

  /// Begins with other compressed data behind those that ended.
  func restart() { inflateReset(stream) }
}
