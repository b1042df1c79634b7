import DeviceRuntime
import Dispatch

/// The buffers of one problem at its full size, with random inputs and guards, for all candidates.
package final class Workbench<Operation: TunableOperation> {
  package let problem: Operation.Problem
  private let queue: Queue
  private let products: BLAS.Parameters
  private let chooser: any ConfigurationChooser
  private let scalars: DynamicScalars
  /// Seconds of the last run by `outputs(of:)`, as the host sees it.
  package private(set) var checkedSeconds = 0.0
  private var storage: [(tensor: TensorArgument, guarded: GuardedBuffer)] = []

  /// A candidate that is built and bound.
  package struct Candidate {
    fileprivate let bound: BoundOperation
    fileprivate let scratch: [(name: String, guarded: GuardedBuffer)]
    /// Whether a part is CLBlast's, which reports the event of its last kernel only.
    fileprivate let hasProducts: Bool
  }

  /// Allocates and fills the buffers; `products` says how CLBlast computes products, `chooser` how
  /// nested operations are.
  package init(
    _ operation: Operation.Type, _ problem: Operation.Problem, queue: Queue,
    products: BLAS.Parameters = .own, chooser: any ConfigurationChooser = DefaultChooser()
  ) throws(CLError) {
    self.problem = problem
    self.queue = queue
    self.products = products
    self.chooser = chooser
    scalars = Operation.exampleScalars(problem)[0]
    for tensor in Operation.tensors(problem) {
      let guarded = try GuardedBuffer(for: tensor, queue: queue)
      storage.append((tensor, guarded))
    }
    try writeInputs()
  }

  private func writeInputs(onlyChanged: Bool = false) throws(CLError) {
    var generator = ExampleGenerator(seed: 1)
    for (tensor, guarded) in storage where tensor.role != .output {
      let input = Operation.exampleValues(
        problem, tensor, kind: .random, generator: &generator)
      if tensor.role == .inputOutput || !onlyChanged { try guarded.write(input, on: queue) }
    }
  }

  /// Builds a configuration's kernels and binds them to the buffers.
  package func bind(_ configuration: Operation.Configuration) throws(CLError) -> Candidate {
    let plan = try Operation.plan(problem, configuration)
      .expanded(choosing: chooser, on: queue.context.info)
      .withProductMemory(products, on: queue)
    var buffers: [String: any DeviceBuffer] = [:]
    for (tensor, guarded) in storage { buffers[tensor.name] = guarded.buffer }
    var scratch: [(name: String, guarded: GuardedBuffer)] = []
    for item in plan.scratch {
      let guarded = try GuardedBuffer(for: item.tensor, queue: queue)
      buffers[item.name] = guarded.buffer
      scratch.append((item.name, guarded))
    }
    return Candidate(
      bound: try BoundOperation(
        name: Operation.name, plan: plan, buffers: buffers, context: queue.context,
        products: products),
      scratch: scratch,
      hasProducts: plan.launches.contains { if case .product = $0 { true } else { false } })
  }

  /// Runs a candidate on fresh buffers and returns what it wrote, tensor by tensor.
  ///
  /// Throws `ConformanceFailure` where it wrote past a buffer's end.
  package func outputs(of candidate: Candidate) throws -> [(name: String, values: [Float])] {
    for (tensor, guarded) in storage where tensor.role != .input { try guarded.reset(on: queue) }
    try writeInputs(onlyChanged: true)
    let begin = DispatchTime.now().uptimeNanoseconds
    try candidate.bound.enqueue(on: queue, scalars: scalars)
    try queue.finish()
    checkedSeconds = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
    for (name, guarded) in candidate.scratch where try !guarded.guardIsIntact(on: queue) {
      throw ConformanceFailure(description: "wrote past the end of scratch \(name)")
    }
    for (tensor, guarded) in storage where try !guarded.guardIsIntact(on: queue) {
      throw ConformanceFailure(description: "wrote past the end of \(tensor.name)")
    }
    return try storage.filter { $0.tensor.role != .input }.map {
      ($0.tensor.name, try $0.guarded.floats(on: queue))
    }
  }

  /// Seconds of some runs, from the start of the first launch to the end of the last.
  package func seconds(of candidate: Candidate, runs: Int = 1) throws(CLError) -> Double {
    let begin = DispatchTime.now().uptimeNanoseconds
    let times = try launches(of: candidate, runs: runs)
    let onHost = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-9
    guard !candidate.hasProducts, let first = times.first, let last = times.last else {
      return onHost
    }
    // A driver whose clock stands still or runs backwards must not make a candidate the fastest.
    return last.end > first.start ? Double(last.end - first.start) * 1e-9 : onHost
  }

  /// When each launch of some runs, enqueued one behind the other, ran.
  package func launches(of candidate: Candidate, runs: Int = 1) throws(CLError) -> [LaunchTime] {
    let recorder = EventRecorder()
    queue.recorder = recorder
    defer { queue.recorder = nil }
    for _ in 0..<runs { try candidate.bound.enqueue(on: queue, scalars: scalars) }
    try queue.finish()
    return try recorder.times()
  }
}
