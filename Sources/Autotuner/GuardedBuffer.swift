import DeviceRuntime

/// A buffer with a guard behind it, filled with a pattern that shows reads before writes.
///
/// A bare one has neither: a checker of memory accesses, such as Oclgrind, sees both for itself.
package final class GuardedBuffer {
  private static let pattern: UInt8 = 0xfd

  package let buffer: any DeviceBuffer
  private let allocation: Buffer<UInt8>
  private let count: Int
  private let element: TensorArgument.Element
  private let guardBytes: Int

  /// Allocates on the queue's context; nothing is written but the pattern.
  package init(
    count: Int, element: TensorArgument.Element, queue: Queue, isBare: Bool = false
  ) throws(CLError) {
    self.count = count
    self.element = element
    guardBytes = isBare ? 0 : 4096
    let size = element == .uchar ? 1 : 4
    allocation = try queue.context.makeBuffer(UInt8.self, count: count * size + guardBytes)
    switch element {
    case .float: buffer = try allocation.part(of: Float.self, byteOffset: 0, count: count)
    case .int: buffer = try allocation.part(of: Int32.self, byteOffset: 0, count: count)
    case .uint: buffer = try allocation.part(of: UInt32.self, byteOffset: 0, count: count)
    case .uchar: buffer = try allocation.part(of: UInt8.self, byteOffset: 0, count: count)
    }
    try reset(on: queue)
  }

  /// Fills buffer and guard with the pattern.
  ///
  /// 0xfdfdfdfd as a float is -4.2e37: a sum that starts from it is visibly wrong.
  package func reset(on queue: Queue) throws(CLError) {
    if guardBytes > 0 { try allocation.fill(Self.pattern, on: queue) }
  }

  /// Copies `period` over the whole buffer, again and again.
  package func write(repeating period: [Double], on queue: Queue) throws(CLError) {
    func values<T>(_ convert: (Double) -> T) -> [T] {
      let converted = period.map(convert)
      guard converted.count < count else { return converted }
      return (0..<count).map { converted[$0 % converted.count] }
    }
    switch element {
    case .float: try (buffer as? Buffer<Float>)?.write(values { Float($0) }, on: queue)
    case .int: try (buffer as? Buffer<Int32>)?.write(values { Int32($0) }, on: queue)
    case .uint: try (buffer as? Buffer<UInt32>)?.write(values { UInt32($0) }, on: queue)
    case .uchar: try (buffer as? Buffer<UInt8>)?.write(values { UInt8($0) }, on: queue)
    }
  }

  /// The elements; integers as the floats nearest to them.
  package func read(on queue: Queue) throws(CLError) -> [Float] {
    switch element {
    case .float: try (buffer as? Buffer<Float>)?.read(on: queue) ?? []
    case .int: try (buffer as? Buffer<Int32>)?.read(on: queue).map { Float($0) } ?? []
    case .uint: try (buffer as? Buffer<UInt32>)?.read(on: queue).map { Float($0) } ?? []
    case .uchar: try (buffer as? Buffer<UInt8>)?.read(on: queue).map { Float($0) } ?? []
    }
  }

  /// The elements as they are.
  package func readExactly(on queue: Queue) throws(CLError) -> [Double] {
    switch element {
    case .float: try (buffer as? Buffer<Float>)?.read(on: queue).map { Double($0) } ?? []
    case .int: try (buffer as? Buffer<Int32>)?.read(on: queue).map { Double($0) } ?? []
    case .uint: try (buffer as? Buffer<UInt32>)?.read(on: queue).map { Double($0) } ?? []
    case .uchar: try (buffer as? Buffer<UInt8>)?.read(on: queue).map { Double($0) } ?? []
    }
  }

  /// Whether nothing was written behind the buffer.
  package func guardIsIntact(on queue: Queue) throws(CLError) -> Bool {
    let start = allocation.count - guardBytes
    return try allocation.read(start..<allocation.count, on: queue)
      .allSatisfy { $0 == Self.pattern }
  }
}
