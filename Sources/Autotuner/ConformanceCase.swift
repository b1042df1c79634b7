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
  private let inputs: [ReferenceInput]
  /// One for each set of example scalars.
  private let expectations: [Expectation]

  private struct Expectation {
    var scalars: DynamicScalars
    /// The outputs, of each all elements or a sample.
    var outputs: [(indices: [Int], result: ReferenceResult)]
  }

  package init(
    _ operation: Operation.Type, _ problem: Operation.Problem, kind: ExampleKind, seed: UInt64
  ) {
    self.problem = problem
    self.kind = kind
    self.seed = seed
    var generator = ExampleGenerator(seed: seed)
    tensors = Operation.tensors(problem)
    let inputs = tensors.filter { $0.role != .output }.map {
      Operation.exampleValues(problem, $0, kind: kind, generator: &generator)
    }
    self.inputs = inputs
    expectations = Operation.exampleScalars(problem).map { scalars in
      Expectation(
        scalars: scalars,
        outputs: Operation.reference(problem, inputs, scalars).map { output in
          let indices = CheckPoints.indices(
            of: output, blocks: [], seed: seed, wholeTerms: 40_000_000)
          return (indices, output.elements(at: indices))
        })
    }
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
    try bound.enqueue(on: queue, scalars: expectations[0].scalars)
    try queue.finish()
    return Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
  }

  private func checked(
    _ configuration: Operation.Configuration, on queue: Queue, isBare: Bool
  ) throws -> BoundOperation {
    let plan = try Operation.plan(problem, configuration)
      .expanded(choosing: DefaultChooser(), on: queue.context.info)
      .withProductMemory(.own, on: queue)
    let storage = try tensors.map { try GuardedBuffer(for: $0, queue: queue, isBare: isBare) }
    let scratch = try plan.scratch.map {
      try GuardedBuffer(for: $0.tensor, queue: queue, isBare: isBare)
    }
    var buffers: [String: any DeviceBuffer] = [:]
    for (tensor, storage) in zip(tensors, storage) { buffers[tensor.name] = storage.buffer }
    for (item, storage) in zip(plan.scratch, scratch) { buffers[item.name] = storage.buffer }
    let bound = try BoundOperation(
      name: Operation.name, plan: plan, buffers: buffers, context: queue.context)
    for (number, expectation) in expectations.enumerated() {
      for (tensor, storage) in zip(tensors, storage) where tensor.role != .input && number > 0 {
        try storage.reset(on: queue)
      }
      for (tensor, input) in zip(zip(tensors, storage).filter { $0.0.role != .output }, inputs)
      where number == 0 || tensor.0.role == .inputOutput {
        try tensor.1.write(input, on: queue)
      }
      try bound.enqueue(on: queue, scalars: expectation.scalars)
      try queue.finish()
      let label =
        "\(Operation.name) [\(problem)] \(configuration), \(kind), seed \(seed)"
        + (number > 0 ? ", scalars \(number + 1)" : "")
      for (item, storage) in zip(plan.scratch, scratch)
      where try !storage.guardIsIntact(on: queue) {
        throw ConformanceFailure(
          description: "\(label): wrote past the end of scratch \(item.name)")
      }
      try compare(
        storage, with: expectation, isExact: Operation.isExact(configuration), on: queue,
        label: label)
    }
    return bound
  }

  private func compare(
    _ storage: [GuardedBuffer], with expectation: Expectation, isExact: Bool, on queue: Queue,
    label: String
  ) throws {
    var inputs = inputs[...]
    var outputs = expectation.outputs[...]
    for (tensor, storage) in zip(tensors, storage) {
      guard try storage.guardIsIntact(on: queue) else {
        throw ConformanceFailure(description: "\(label): wrote past the end of \(tensor.name)")
      }
      let input = tensor.role == .output ? nil : inputs.removeFirst()
      if tensor.role == .input {
        guard let input else { continue }
        let values = try storage.read(on: queue)
        guard values.indices.allSatisfy({ values[$0] == input[$0] }) else {
          throw ConformanceFailure(description: "\(label): changed its input \(tensor.name)")
        }
      } else {
        let (indices, result) = outputs.removeFirst()
        let mismatch = result.firstMismatch(
          with: try storage.read(at: indices, on: queue), isExact: isExact, kind: kind)
        if let mismatch {
          throw ConformanceFailure(
            description: "\(label): \(tensor.name)[\(indices[mismatch.place])] is "
              + "\(mismatch.found), expected \(mismatch.expected) within \(mismatch.bound)")
        }
      }
    }
  }
}

extension ReferenceResult {
  /// An element that is further from the reference than rounding explains.
  struct Mismatch {
    /// Its place among the elements that were compared.
    var place: Int
    var expected: Double
    var found: Double
    var bound: Double
  }

  /// The first element of `actual` that is wrong.
  ///
  /// `isExact` says whether the configuration rounds no more than a plain sum does. Winograd's
  /// transforms mix the terms of neighbouring results: what one result rounds is bounded by the
  /// largest of them, times the transforms' own amplification; of results elsewhere that is
  /// `sharedTolerance`.
  func firstMismatch(
    with actual: [Double], isExact: Bool, kind: ExampleKind, sharedTolerance: Double = 0
  ) -> Mismatch? {
    precondition(values.count == actual.count, "size of the reference")
    let areIntegers = isExact && exactOnIntegers && kind == .integers
    let shared = 4 * max(tolerance.max() ?? 0, sharedTolerance)
    for place in actual.indices {
      let bound = areIntegers ? 0 : isExact ? tolerance[place] : shared
      guard abs(actual[place] - values[place]) <= bound else {  // also false for a NaN
        return Mismatch(
          place: place, expected: values[place], found: actual[place], bound: bound)
      }
    }
    return nil
  }
}
