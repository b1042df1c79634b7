import DeviceRuntime
import Dispatch

/// Compares an operation, bound to the buffers that a run uses, with its double-precision reference.
///
/// What the buffers hold is lost. Around each of them the bytes that belong to no other buffer of the
/// operation are guards.
package struct OperationCheck: OperationVisitor {
  package typealias Output = Result

  package struct Result: Sendable {
    /// What is wrong, in words; nil where all is right.
    package var failure: String?
    /// How long the operation itself took.
    package var seconds: Double

    package init(failure: String? = nil, seconds: Double = 0) {
      self.failure = failure
      self.seconds = seconds
    }
  }

  private let bound: BoundOperation
  private let plan: OperationPlan
  private let isExact: Bool
  private let isWhole: Bool
  private let queue: Queue

  /// A check of `bound`, made of `planned`; `isWhole` compares every element of large outputs, too.
  package init(
    _ bound: BoundOperation, _ planned: PlannedOperation, isWhole: Bool = false, queue: Queue
  ) {
    self.bound = bound
    plan = planned.plan
    isExact = planned.isExact
    self.isWhole = isWhole
    self.queue = queue
  }

  /// Runs the operation on example inputs with each set of example scalars.
  package func visit<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem
  ) throws -> Result {
    let tensors = Operation.tensors(problem)
    let scalars = Operation.exampleScalars(problem)
    var (inputs, outputs) = example(operation, problem, kind: .random, scalars[0])
    let kind: ExampleKind =
      outputs.contains(where: needsIntegers) && isExact
        && outputs.allSatisfy(\.exactOnIntegers) ? .integers : .random
    if kind == .integers {
      (inputs, outputs) = example(operation, problem, kind: kind, scalars[0])
    }
    let guards = guards(of: tensors)
    for guardRange in guards { try guardRange.fill(on: queue) }
    var result = Result()
    for (number, scalars) in scalars.enumerated() {
      if number > 0 { outputs = Operation.reference(problem, inputs, scalars) }
      try prepare(tensors, inputs, isFirst: number == 0)
      try queue.finish()
      let begin = DispatchTime.now().uptimeNanoseconds
      try bound.enqueue(on: queue, scalars: scalars)
      try queue.finish()
      result.seconds = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
      result.failure =
        try failure(of: guards) ?? changedInput(tensors, inputs)
        ?? mismatch(tensors, outputs, kind: kind)
      if result.failure != nil { break }
    }
    return result
  }

  /// Of very many terms the bound of the rounding error hides that some are missing; sums of
  /// integers have none as long as they fit 24 bits.
  private func needsIntegers(_ output: ReferenceOutput) -> Bool {
    output.terms > 1024 && output.terms < 1 << 20
  }

  private func example<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem, kind: ExampleKind,
    _ scalars: DynamicScalars
  ) -> (inputs: [ReferenceInput], outputs: [ReferenceOutput]) {
    var generator = ExampleGenerator(seed: 1)
    var bindings: [(buffer: any DeviceBuffer, input: ReferenceInput)] = []
    for tensor in Operation.tensors(problem) where tensor.role != .output {
      let buffer = buffer(tensor.name)
      // One buffer may stand for two tensors.
      let input =
        bindings.first { $0.buffer === buffer }?.input
        ?? Operation.exampleValues(problem, tensor, kind: kind, generator: &generator)
      bindings.append((buffer, input))
    }
    let inputs = bindings.map(\.input)
    return (inputs, Operation.reference(problem, inputs, scalars))
  }

  private func buffer(_ name: String) -> any DeviceBuffer {
    guard let buffer = bound.buffers[name] else { preconditionFailure("nothing bound to \(name)") }
    return buffer
  }

  /// Fills what is written with a pattern and gives inputs their values.
  private func prepare(
    _ tensors: [TensorArgument], _ inputs: [ReferenceInput], isFirst: Bool
  ) throws(CLError) {
    for item in plan.scratch {
      try fill(buffer(item.name), 4 * item.count)
    }
    var inputs = inputs[...]
    for tensor in tensors {
      if tensor.role == .output {
        try fill(buffer(tensor.name), tensor.count * tensor.element.size)
      } else {
        let input = inputs.removeFirst()
        if isFirst || tensor.role == .inputOutput {
          try tensor.write(input, to: buffer(tensor.name), on: queue)
        }
      }
    }
  }

  private func fill(_ buffer: any DeviceBuffer, _ bytes: Int) throws(CLError) {
    try buffer.fillBytes(0..<bytes, with: GuardedBuffer.pattern, on: queue)
  }

  /// An input whose first or last numbers are others than before.
  private func changedInput(
    _ tensors: [TensorArgument], _ inputs: [ReferenceInput]
  ) throws(CLError) -> String? {
    let edge = GuardedBuffer.guardBytes / 4
    for (tensor, input) in zip(tensors.filter { $0.role != .output }, inputs)
    where tensor.role == .input {
      let ends = [0..<min(edge, tensor.count), max(0, tensor.count - edge)..<tensor.count]
      for end in ends {
        let values = try tensor.read(at: Array(end), from: buffer(tensor.name), on: queue)
        if zip(end, values).contains(where: { input[$0] != $1 }) {
          return "changed its input \(tensor.name)"
        }
      }
    }
    return nil
  }

  private func mismatch(
    _ tensors: [TensorArgument], _ outputs: [ReferenceOutput], kind: ExampleKind
  ) throws(CLError) -> String? {
    let blocks = plan.blocks
    for (tensor, output) in zip(tensors.filter { $0.role != .input }, outputs) {
      let points = CheckPoints.indices(of: output, blocks: blocks, seed: 1)
      let sampled = output.elements(at: points)
      let shared = sampled.tolerance.max() ?? 0
      func mismatch(_ indices: [Int], _ expected: ReferenceResult) throws(CLError) -> String? {
        let actual = try tensor.read(at: indices, from: buffer(tensor.name), on: queue)
        return expected.firstMismatch(
          with: actual, isExact: isExact, kind: kind, sharedTolerance: shared
        ).map {
          "\(tensor.name)[\(indices[$0.place])] is \($0.found), expected \($0.expected) within "
            + "\($0.bound)"
        }
      }
      if let wrong = try mismatch(points, sampled) { return wrong }
      let visible = CheckPoints.visible(points, sampled.values, of: output).sorted()
      if let wrong = try mismatch(visible, output.elements(at: visible)) { return wrong }
      guard isWhole else { continue }
      for start in stride(from: 0, to: tensor.count, by: 1 << 18) {
        let portion = Array(start..<min(start + 1 << 18, tensor.count))
        if let wrong = try mismatch(portion, output.elements(at: portion)) { return wrong }
      }
    }
    return nil
  }

  // MARK: - Guards

  /// Bytes of an allocation that an operation must not write.
  private struct Guard {
    var allocation: any DeviceBuffer
    var range: Range<Int>
    /// The tensor or scratch that they lie beside.
    var name: String

    func fill(on queue: Queue) throws(CLError) {
      try allocation.fillBytes(range, with: GuardedBuffer.pattern, on: queue)
    }

    func isIntact(on queue: Queue) throws(CLError) -> Bool {
      try allocation.readBytes(range, on: queue).allSatisfy { $0 == GuardedBuffer.pattern }
    }
  }

  private func failure(of guards: [Guard]) throws(CLError) -> String? {
    for item in guards where try !item.isIntact(on: queue) {
      return "wrote beside \(item.name)"
    }
    return nil
  }

  private func guards(of tensors: [TensorArgument]) -> [Guard] {
    let bytes =
      tensors.map { ($0.name, $0.count * $0.element.size) }
      + plan.scratch.map { ($0.name, 4 * $0.count) }
    let places = bytes.map { name, bytes in
      let buffer = buffer(name)
      return (
        name: name, allocation: buffer.parent ?? buffer,
        range: buffer.byteOffset..<buffer.byteOffset + bytes
      )
    }
    return places.flatMap { place in
      let (start, end) = (place.range.lowerBound, place.range.upperBound)
      let size = GuardedBuffer.guardBytes
      let last = place.allocation.byteCount + place.allocation.spareBytes
      var ranges = [max(0, start - size)..<start, end..<min(end + size, last)]
      for other in places where other.allocation === place.allocation {
        ranges = ranges.flatMap { $0.without(other.range) }
      }
      return ranges.filter { !$0.isEmpty }.map {
        Guard(allocation: place.allocation, range: $0, name: place.name)
      }
    }
  }
}

extension Range<Int> {
  /// What is left of the range outside `other`.
  fileprivate func without(_ other: Range<Int>) -> [Range<Int>] {
    guard overlaps(other) else { return [self] }
    return [
      lowerBound..<Swift.max(lowerBound, other.lowerBound),
      Swift.min(upperBound, other.upperBound)..<upperBound,
    ]
  }
}
