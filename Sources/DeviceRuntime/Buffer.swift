import COpenCL

/// What a kernel's pointer argument accepts, whatever the element.
package protocol DeviceBuffer: AnyObject {
  var raw: cl_mem { get }
  var byteCount: Int { get }
  /// The element's name in OpenCL C, for the check of arguments.
  var elementName: String { get }
  /// The allocation that this is a part of; nil for an allocation.
  var parent: (any DeviceBuffer)? { get }
  /// Where in its allocation it begins.
  var byteOffset: Int { get }
  /// Bytes behind an allocation's own that nobody uses; 0 of a part.
  var spareBytes: Int { get }
}

/// `count` elements in the device's memory: an allocation, or a part of another buffer.
package final class Buffer<Element: BitwiseCopyable>: DeviceBuffer, @unchecked Sendable {
  // cl_mem is reference-counted and thread-safe by the standard
  package let count: Int
  private let handle: Handle
  private let context: Context
  package let parent: (any DeviceBuffer)?
  package let byteOffset: Int
  package let spareBytes: Int

  /// What a check of writes beyond the end looks at.
  private static var usualSpareBytes: Int { 4096 }

  package var raw: cl_mem { handle.raw }

  package var byteCount: Int { count * MemoryLayout<Element>.stride }

  package var elementName: String {
    switch Element.self {
    case is Float.Type: "float"
    case is Int32.Type: "int"
    case is UInt32.Type: "uint"
    case is Int8.Type: "char"
    case is UInt8.Type: "uchar"
    case is Int16.Type: "short"
    case is UInt16.Type: "ushort"
    case is Int64.Type: "long"
    case is UInt64.Type: "ulong"
    case is Double.Type: "double"
    default: String(describing: Element.self)
    }
  }

  init(context: Context, count: Int, hasSpareBytes: Bool) throws(CLError) {
    precondition(count > 0, "a buffer needs at least one element")
    let (product, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let bytes = overflow ? Int.max : product
    try context.reserve(bytes)
    spareBytes =
      hasSpareBytes ? min(Buffer.usualSpareBytes, context.info.maxAllocation - bytes) : 0
    let allocated = bytes + spareBytes
    do {
      handle = try Handle(
        kind: "buffer", ledger: context.ledger, release: clReleaseMemObject,
        function: "clCreateBuffer of \(bytes) bytes"
      ) { status in
        clCreateBuffer(context.raw, cl_mem_flags(CL_MEM_READ_WRITE), allocated, nil, &status)
      }
    } catch {
      context.unreserve(bytes)
      throw error
    }
    context.confirmReservation()
    self.count = count
    self.context = context
    parent = nil
    byteOffset = 0
  }

  private init(
    partOf parent: some DeviceBuffer, context: Context, byteOffset: Int, count: Int
  ) throws(CLError) {
    let bytes = count * MemoryLayout<Element>.stride
    precondition(byteOffset >= 0 && count > 0 && byteOffset + bytes <= parent.byteCount)
    var region = cl_buffer_region(origin: byteOffset, size: bytes)
    handle = try Handle(
      kind: "buffer", ledger: context.ledger, release: clReleaseMemObject,
      function: "clCreateSubBuffer of \(bytes) bytes at \(byteOffset)"
    ) { status in
      clCreateSubBuffer(
        parent.raw, 0, cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION), &region, &status)
    }
    self.count = count
    self.context = context
    self.parent = parent
    self.byteOffset = byteOffset
    spareBytes = 0
  }

  deinit { if parent == nil { context.unreserve(byteCount) } }

  /// A part of this buffer as elements of another type.
  ///
  /// Only of an allocation, not of a part: OpenCL has no sub-buffers of sub-buffers. The offset
  /// is a multiple of `DeviceInfo.baseAlignment`.
  package func part<Other: BitwiseCopyable>(
    of type: Other.Type = Other.self, byteOffset: Int, count: Int
  ) throws(CLError) -> Buffer<Other> {
    precondition(parent == nil, "a part of a part")
    return try Buffer<Other>(partOf: self, context: context, byteOffset: byteOffset, count: count)
  }

  /// Copies `values` to the device and waits.
  package func write(_ values: [Element], at offset: Int = 0, on queue: Queue) throws(CLError) {
    precondition(offset >= 0 && offset + values.count <= count, "write past the buffer's end")
    guard !values.isEmpty else { return }
    let status = values.withUnsafeBytes { bytes in
      clEnqueueWriteBuffer(
        queue.raw, raw, cl_bool(CL_TRUE), offset * MemoryLayout<Element>.stride, bytes.count,
        bytes.baseAddress, 0, nil, nil)
    }
    try check(status, "clEnqueueWriteBuffer of \(values.count) elements")
  }

  /// The elements in `range`, all by default, once every queued command is done.
  package func read(_ range: Range<Int>? = nil, on queue: Queue) throws(CLError) -> [Element] {
    let range = range ?? 0..<count
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "read past the buffer's end")
    guard !range.isEmpty else { return [] }
    var status: cl_int = 0
    let stride = MemoryLayout<Element>.stride
    let values = [Element](unsafeUninitializedCapacity: range.count) { storage, initialized in
      status = clEnqueueReadBuffer(
        queue.raw, raw, cl_bool(CL_TRUE), range.lowerBound * stride, range.count * stride,
        storage.baseAddress, 0, nil, nil)
      initialized = status == CL_SUCCESS ? range.count : 0
    }
    try check(status, "clEnqueueReadBuffer of \(range.count) elements")
    return values
  }

  /// Copies all elements into `other`, from its element `offset` on, in the queue's order.
  package func copy(
    to other: Buffer<Element>, at offset: Int, on queue: Queue
  ) throws(CLError) {
    precondition(offset >= 0 && offset + count <= other.count, "a copy past the buffer's end")
    let status = clEnqueueCopyBuffer(
      queue.raw, raw, other.raw, 0, offset * MemoryLayout<Element>.stride, byteCount, 0, nil, nil)
    try check(status, "clEnqueueCopyBuffer of \(byteCount) bytes")
  }

  /// Sets every element to `value`, in the queue's order.
  package func fill(_ value: Element, on queue: Queue) throws(CLError) {
    var value = value
    let status = clEnqueueFillBuffer(
      queue.raw, raw, &value, MemoryLayout<Element>.stride, 0, byteCount, 0, nil, nil)
    try check(status, "clEnqueueFillBuffer of \(byteCount) bytes")
  }
}
