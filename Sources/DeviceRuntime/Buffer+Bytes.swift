import COpenCL

/// Access to any buffer's bytes, whatever its elements are.
extension DeviceBuffer {
  /// Copies bytes to the device and waits.
  package func writeBytes(
    _ bytes: UnsafeRawBufferPointer, at offset: Int, on queue: Queue
  ) throws(CLError) {
    precondition(offset >= 0 && offset + bytes.count <= byteCount, "write past the buffer's end")
    guard !bytes.isEmpty else { return }
    try check(
      clEnqueueWriteBuffer(
        queue.raw, raw, cl_bool(CL_TRUE), offset, bytes.count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueWriteBuffer of \(bytes.count) bytes")
  }

  /// The bytes in `range`, once every queued command is done.
  package func readBytes(_ range: Range<Int>, on queue: Queue) throws(CLError) -> [UInt8] {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= byteCount + spareBytes, "read past the end")
    guard !range.isEmpty else { return [] }
    var status: cl_int = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { storage, initialized in
      status = clEnqueueReadBuffer(
        queue.raw, raw, cl_bool(CL_TRUE), range.lowerBound, range.count, storage.baseAddress, 0,
        nil, nil)
      initialized = status == CL_SUCCESS ? range.count : 0
    }
    try check(status, "clEnqueueReadBuffer of \(range.count) bytes")
    return bytes
  }

  /// Sets the bytes in `range` to `value`, in the queue's order.
  package func fillBytes(
    _ range: Range<Int>, with value: UInt8, on queue: Queue
  ) throws(CLError) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= byteCount + spareBytes, "fill past the end")
    // Drivers write the pattern again and again: a wide one is quick.
    let size = [8, 4, 2].first { range.lowerBound % $0 == 0 && range.count >= $0 } ?? 1
    let wide = range.lowerBound..<range.lowerBound + range.count / size * size
    for (part, size) in [(wide, size), (wide.upperBound..<range.upperBound, 1)]
    where !part.isEmpty {
      var pattern = UInt64(value) &* 0x0101_0101_0101_0101
      try check(
        clEnqueueFillBuffer(
          queue.raw, raw, &pattern, size, part.lowerBound, part.count, 0, nil, nil),
        "clEnqueueFillBuffer of \(part.count) bytes")
    }
  }
}
