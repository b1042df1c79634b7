import Autotuner
import DeviceRuntime

/// What went wrong in one run of a configuration against its reference.
package struct ConformanceFailure: Error, CustomStringConvertible {
  package let description: String
}

/// One problem with its inputs and what the reference makes of them, for any configuration.
package struct ConformanceCase<Operation: TunableOperation> {
  let problem: Operation.Problem
  let kind: ExampleKind
  let seed: UInt64
  let tensors: [TensorArgument]
  let inputs: [[Double]]
  let expected: [ReferenceResult]

  package init(
    _ operation: Operation.Type, _ problem: Operation.Problem, kind: ExampleKind, seed: UInt64
  ) {
    self.problem = problem
    self.kind = kind
    self.seed = seed
    var generator = ExampleGenerator(seed: seed)
    tensors = Operation.tensors(problem)
    var inputs: [[Double]] = []
    for tensor in tensors where tensor.role != .output {
      let example = Operation.exampleInput(problem, tensor, kind: kind, generator: &generator)
      precondition(example.count == tensor.count, "\(Operation.name): example of \(tensor.name)")
      precondition(
        tensor.element != .float || example.allSatisfy { Double(Float($0)) == $0 },
        "\(Operation.name): \(tensor.name) is not exact in single precision")
      inputs.append(example)
    }
    self.inputs = inputs
    expected = Operation.reference(problem, inputs)
  }

  /// Runs one configuration and compares every output with the reference.
  ///
  /// Each buffer has a guard behind it that must keep its pattern; inputs must keep their values.
  package func check(_ configuration: Operation.Configuration, on device: TestDevice) throws {
    var buffers: [String: any DeviceBuffer] = [:]
    var guarded: [(tensor: TensorArgument, storage: GuardedBuffer)] = []
    var nextInput = 0
    for tensor in tensors {
      var values: [Double]?
      if tensor.role != .output {
        values = inputs[nextInput]
        nextInput += 1
      }
      let storage = try GuardedBuffer(
        count: tensor.count, element: tensor.element, values: values, device: device)
      buffers[tensor.name] = storage.buffer
      guarded.append((tensor, storage))
    }
    let plan = Operation.plan(problem, configuration)
    var scratch: [(name: String, storage: GuardedBuffer)] = []
    for item in plan.scratch {
      let storage = try GuardedBuffer(
        count: item.count, element: .float, values: nil, device: device)
      buffers[item.name] = storage.buffer
      scratch.append((item.name, storage))
    }
    let bound = try BoundOperation(
      name: Operation.name, plan: plan, buffers: buffers, context: device.context)
    try bound.enqueue(on: device.queue, scalars: Operation.exampleScalars(problem))
    try device.queue.finish()

    let label = "\(Operation.name) [\(problem)] \(configuration), \(kind), seed \(seed)"
    for (name, storage) in scratch where try !storage.guardIsIntact(on: device) {
      throw ConformanceFailure(description: "\(label): wrote past the end of scratch \(name)")
    }
    var outputIndex = 0
    var inputIndex = 0
    for (tensor, storage) in guarded {
      guard try storage.guardIsIntact(on: device) else {
        throw ConformanceFailure(description: "\(label): wrote past the end of \(tensor.name)")
      }
      let actual = try storage.read(on: device)
      if tensor.role == .input {
        guard actual == inputs[inputIndex] else {
          throw ConformanceFailure(description: "\(label): changed its input \(tensor.name)")
        }
      } else {
        let result = expected[outputIndex]
        outputIndex += 1
        try compare(
          actual, result, isExact: Operation.isExact(configuration),
          label: "\(label): \(tensor.name)")
      }
      if tensor.role != .output { inputIndex += 1 }
    }
  }

  private func compare(
    _ actual: [Double], _ result: ReferenceResult, isExact: Bool, label: String
  ) throws {
    precondition(result.values.count == actual.count, "\(label): size of the reference")
    let exact = isExact && result.exactOnIntegers && kind == .integers
    // Winograd's transforms mix the terms of neighbouring results: what one result rounds is
    // bounded by the largest of them, times the transforms' own amplification.
    let shared = 4 * (result.tolerance.max() ?? 0)
    for index in actual.indices {
      let bound = exact ? 0 : isExact ? result.tolerance[index] : shared
      guard abs(actual[index] - result.values[index]) <= bound else {  // also false for a NaN
        throw ConformanceFailure(
          description: "\(label)[\(index)] is \(actual[index]), expected "
            + "\(result.values[index]) within \(bound)")
      }
    }
  }
}

/// A buffer with a guard behind it, filled with a pattern that shows reads before writes.
final class GuardedBuffer {
  private static let guardBytes = 4096
  private static let pattern: UInt8 = 0xfd

  let buffer: any DeviceBuffer
  private let allocation: Buffer<UInt8>
  private let count: Int
  private let element: TensorArgument.Element

  init(
    count: Int, element: TensorArgument.Element, values: [Double]?, device: TestDevice
  ) throws {
    self.count = count
    self.element = element
    let size = element == .uchar ? 1 : 4
    allocation = try device.context.makeBuffer(
      UInt8.self, count: count * size + Self.guardBytes)
    try allocation.fill(Self.pattern, on: device.queue)
    // 0xfdfdfdfd as a float is -4.2e37: a sum that starts from it is visibly wrong.
    switch element {
    case .float:
      let part = try allocation.part(of: Float.self, byteOffset: 0, count: count)
      if let values { try part.write(values.map { Float($0) }, on: device.queue) }
      buffer = part
    case .int:
      let part = try allocation.part(of: Int32.self, byteOffset: 0, count: count)
      if let values { try part.write(values.map { Int32($0) }, on: device.queue) }
      buffer = part
    case .uint:
      let part = try allocation.part(of: UInt32.self, byteOffset: 0, count: count)
      if let values { try part.write(values.map { UInt32($0) }, on: device.queue) }
      buffer = part
    case .uchar:
      let part = try allocation.part(of: UInt8.self, byteOffset: 0, count: count)
      if let values { try part.write(values.map { UInt8($0) }, on: device.queue) }
      buffer = part
    }
  }

  func read(on device: TestDevice) throws -> [Double] {
    switch element {
    case .float: try (buffer as? Buffer<Float>)?.read(on: device.queue).map(Double.init) ?? []
    case .int: try (buffer as? Buffer<Int32>)?.read(on: device.queue).map(Double.init) ?? []
    case .uint: try (buffer as? Buffer<UInt32>)?.read(on: device.queue).map(Double.init) ?? []
    case .uchar: try (buffer as? Buffer<UInt8>)?.read(on: device.queue).map(Double.init) ?? []
    }
  }

  func guardIsIntact(on device: TestDevice) throws -> Bool {
    let start = allocation.count - Self.guardBytes
    return try allocation.read(start..<allocation.count, on: device.queue)
      .allSatisfy { $0 == Self.pattern }
  }
}
