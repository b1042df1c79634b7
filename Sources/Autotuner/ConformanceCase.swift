import DeviceRuntime
import Dispatch

/// What went wrong in one run of a configuration against its reference.
package struct ConformanceFailure: Error, CustomStringConvertible {
  package let description: String

  package init(description: String) { self.description = description }
}

/// One problem with its inputs and what the reference makes of them, for any configuration.
package struct ConformanceCase<Operation: TunableOperation> {
  private let problem: Operation.Problem
  private let kind: ExampleKind
  private let seed: UInt64
  private let tensors: [TensorArgument]
  private let inputs: [[Double]]
  private let expected: [ReferenceResult]

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
  /// Each buffer has a guard behind it that must keep its pattern, unless it is bare; inputs must
  /// keep their values.
  package func check(
    _ configuration: Operation.Configuration, on queue: Queue, isBare: Bool = false
  ) throws {
    _ = try checked(configuration, on: queue, isBare: isBare)
  }

  /// Checks one configuration and returns the seconds of another run.
  package func checkedSeconds(
    of configuration: Operation.Configuration, on queue: Queue
  ) throws -> Double {
    let bound = try checked(configuration, on: queue, isBare: false)
    let begin = DispatchTime.now().uptimeNanoseconds
    try bound.enqueue(on: queue, scalars: Operation.exampleScalars(problem))
    try queue.finish()
    return Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
  }

  private func checked(
    _ configuration: Operation.Configuration, on queue: Queue, isBare: Bool
  ) throws -> BoundOperation {
    var buffers: [String: any DeviceBuffer] = [:]
    var guarded: [(tensor: TensorArgument, storage: GuardedBuffer)] = []
    var nextInput = 0
    for tensor in tensors {
      let storage = try GuardedBuffer(
        count: tensor.count, element: tensor.element, queue: queue, isBare: isBare)
      if tensor.role != .output {
        try storage.write(repeating: inputs[nextInput], on: queue)
        nextInput += 1
      }
      buffers[tensor.name] = storage.buffer
      guarded.append((tensor, storage))
    }
    let plan = Operation.plan(problem, configuration)
    var scratch: [(name: String, storage: GuardedBuffer)] = []
    for item in plan.scratch {
      let storage = try GuardedBuffer(
        count: item.count, element: .float, queue: queue, isBare: isBare)
      buffers[item.name] = storage.buffer
      scratch.append((item.name, storage))
    }
    let bound = try BoundOperation(
      name: Operation.name, plan: plan, buffers: buffers, context: queue.context)
    try bound.enqueue(on: queue, scalars: Operation.exampleScalars(problem))
    try queue.finish()

    let label = "\(Operation.name) [\(problem)] \(configuration), \(kind), seed \(seed)"
    for (name, storage) in scratch where try !storage.guardIsIntact(on: queue) {
      throw ConformanceFailure(description: "\(label): wrote past the end of scratch \(name)")
    }
    var outputIndex = 0
    var inputIndex = 0
    for (tensor, storage) in guarded {
      guard try storage.guardIsIntact(on: queue) else {
        throw ConformanceFailure(description: "\(label): wrote past the end of \(tensor.name)")
      }
      let actual = try storage.readExactly(on: queue)
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
    return bound
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
