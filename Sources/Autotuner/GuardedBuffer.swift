import DeviceRuntime

/// A buffer with a guard behind it, filled with a pattern that shows reads before writes.
///
/// A bare one has neither: a checker of memory accesses, such as Oclgrind, sees both for itself.
package final class GuardedBuffer {
  /// 0xfdfdfdfd as a float is -4.2e37: a sum that starts from it is visibly wrong.
  static let pattern: UInt8 = 0xfd
  /// Bytes of a guard.
  static let guardBytes = 4096

  package let buffer: any DeviceBuffer
  private let allocation: Buffer<UInt8>
  private let tensor: TensorArgument
  private let guardBytes: Int

  /// Allocates memory for `tensor` on the queue's context; nothing is written but the pattern.
  package init(
    for tensor: TensorArgument, queue: Queue, isBare: Bool = false
  ) throws(CLError) {
    self.tensor = tensor
    guardBytes = isBare ? 0 : GuardedBuffer.guardBytes
    allocation = try queue.context.makeBuffer(
      UInt8.self, count: tensor.count * tensor.element.size + guardBytes, hasSpareBytes: false)
    buffer = try allocation.part(of: tensor.element, byteOffset: 0, count: tensor.count)
    try reset(on: queue)
  }

  /// Fills buffer and guard with the pattern.
  package func reset(on queue: Queue) throws(CLError) {
    guard guardBytes > 0 else { return }
    try allocation.fillBytes(0..<allocation.byteCount, with: GuardedBuffer.pattern, on: queue)
  }

  /// Copies the values into the whole buffer.
  package func write(_ input: ReferenceInput, on queue: Queue) throws(CLError) {
    try tensor.write(input, to: buffer, on: queue)
  }

  /// The elements at `indices`, which ascend; all by default.
  package func read(at indices: [Int]? = nil, on queue: Queue) throws(CLError) -> [Double] {
    try tensor.read(at: indices ?? Array(0..<tensor.count), from: buffer, on: queue)
  }

  /// All elements; integers as the floats nearest to them.
  package func floats(on queue: Queue) throws(CLError) -> [Float] {
    guard let buffer = buffer as? Buffer<Float> else {
      return try read(on: queue).map { Float($0) }
    }
    return try buffer.read(on: queue)
  }

  /// Whether nothing was written behind the buffer.
  package func guardIsIntact(on queue: Queue) throws(CLError) -> Bool {
    let start = allocation.count - guardBytes
    return try allocation.readBytes(start..<allocation.count, on: queue)
      .allSatisfy { $0 == GuardedBuffer.pattern }
  }
}

extension Buffer {
  /// A part of an allocation as elements of a tensor's type.
  package func part(
    of element: TensorArgument.Element, byteOffset: Int, count: Int
  ) throws(CLError) -> any DeviceBuffer {
    switch element {
    case .float: try part(of: Float.self, byteOffset: byteOffset, count: count)
    case .int: try part(of: Int32.self, byteOffset: byteOffset, count: count)
    case .uint: try part(of: UInt32.self, byteOffset: byteOffset, count: count)
    case .uchar: try part(of: UInt8.self, byteOffset: byteOffset, count: count)
    }
  }
}
