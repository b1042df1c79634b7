import DeviceRuntime

extension TensorArgument.Element {
  /// Bytes of an element.
  package var size: Int { self == .uchar ? 1 : 4 }

  /// The elements nearest to `values`, as the device has them.
  fileprivate func encoded(_ values: [Double]) -> [UInt8] {
    func bytes<T: BitwiseCopyable>(_ convert: (Double) -> T) -> [UInt8] {
      values.map(convert).withUnsafeBytes { Array($0) }
    }
    return switch self {
    case .float: bytes { Float($0) }
    case .int: bytes { Int32($0) }
    case .uint: bytes { UInt32($0) }
    case .uchar: bytes { UInt8($0) }
    }
  }

  /// The elements that bytes of the device hold.
  fileprivate func decoded(_ bytes: [UInt8], at offset: Int) -> Double {
    bytes.withUnsafeBytes { bytes in
      switch self {
      case .float: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Float.self))
      case .int: Double(bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
      case .uint: Double(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      case .uchar: Double(bytes[offset])
      }
    }
  }
}

extension TensorArgument {
  /// Elements that go between host and device at once: neither needs memory for a whole tensor.
  private static let portion = 16 * ReferenceInput.period

  /// Writes the tensor's values, period after period, into the buffer it is bound to.
  func write(_ input: ReferenceInput, to buffer: any DeviceBuffer, on queue: Queue) throws(CLError)
  {
    let period = element.encoded(input.repeated)
    var portion = period
    while portion.count < min(count, TensorArgument.portion) * element.size { portion += period }
    var done = 0
    while done < count * element.size {
      let bytes = min(portion.count, count * element.size - done)
      let status: Result<Void, CLError> = portion.withUnsafeBytes { all in
        Result { () throws(CLError) in
          try buffer.writeBytes(
            UnsafeRawBufferPointer(rebasing: all[..<bytes]), at: done, on: queue)
        }
      }
      try status.get()
      done += bytes
    }
  }

  /// The elements at `indices`, in ascending order, of the buffer that the tensor is bound to.
  func read(
    at indices: [Int], from buffer: any DeviceBuffer, on queue: Queue
  ) throws(CLError) -> [Double] {
    var values: [Double] = []
    values.reserveCapacity(indices.count)
    while values.count < indices.count {
      let first = indices[values.count]
      let end = min(first + TensorArgument.portion, count)
      // No more than what is asked for: the elements may be few and near to each other.
      let last = indices[values.count...].prefix { $0 < end }.last ?? first
      let bytes = try buffer.readBytes(first * element.size..<(last + 1) * element.size, on: queue)
      while values.count < indices.count, indices[values.count] <= last {
        values.append(
          element.decoded(bytes, at: (indices[values.count] - first) * element.size))
      }
    }
    return values
  }
}
