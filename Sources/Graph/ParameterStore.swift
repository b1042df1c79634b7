import Autotuner
import DeviceRuntime
import Operators

/// A network's parameters, gradients, velocities and running statistics on a device.
///
/// Each kind is one allocation, so that one launch updates all parameters. Between two tensors
/// there may be padding, which stays zero.
package final class ParameterStore {
  package let network: Network
  package let context: Context
  package let queue: Queue
  let parameters: Group
  let gradients: Group
  let velocities: Group
  /// Of the gradients of a batch that goes in parts.
  let gradientSums: Group?
  let states: Group

  /// Tensors of one kind, in one allocation.
  final class Group {
    let whole: Buffer<Float>
    let parts: [Buffer<Float>]

    init(counts: [Int], context: Context, queue: Queue) throws(CLError) {
      let step = ParameterStore.step(on: context.info)
      var offsets: [Int] = []
      var end = 0
      for count in counts {
        offsets.append(end)
        end += ceilDivide(count, step) * step
      }
      let allocation = try context.makeBuffer(Float.self, count: max(end, 1))
      try allocation.fill(0, on: queue)
      whole = allocation
      var parts: [Buffer<Float>] = []
      for (offset, count) in zip(offsets, counts) {
        parts.append(try allocation.part(byteOffset: 4 * offset, count: count))
      }
      self.parts = parts
    }
  }

  /// Allocates everything; the numbers are zero until `initialize` or `write`.
  ///
  /// `sumsGradients` is for batches that go in parts.
  package init(
    network: Network, context: Context, queue: Queue, sumsGradients: Bool = false
  ) throws(CLError) {
    self.network = network
    self.context = context
    self.queue = queue
    let counts = network.parameters.map(\.count)
    parameters = try Group(counts: counts, context: context, queue: queue)
    gradients = try Group(counts: counts, context: context, queue: queue)
    velocities = try Group(counts: counts, context: context, queue: queue)
    gradientSums =
      sumsGradients ? try Group(counts: counts, context: context, queue: queue) : nil
    states = try Group(counts: network.states.map(\.count), context: context, queue: queue)
  }

  /// Numbers in one of the parameter-sized allocations, padding included.
  package static func paddedCount(of network: Network, on device: DeviceInfo) -> Int {
    paddedCount(of: network.parameters, on: device)
  }

  private static func paddedCount(of tensors: [Parameter], on device: DeviceInfo) -> Int {
    let step = step(on: device)
    return tensors.reduce(0) { $0 + ceilDivide($1.count, step) * step }
  }

  /// Every tensor starts at a multiple of so many numbers.
  private static func step(on device: DeviceInfo) -> Int {
    max(1, device.baseAlignment / MemoryLayout<Float>.stride)
  }

  /// Bytes of each allocation that a store of the network makes.
  static func allocations(
    of network: Network, sumsGradients: Bool, on device: DeviceInfo
  ) -> [Int] {
    let parameters = 4 * paddedCount(of: network, on: device)
    let states = 4 * max(1, paddedCount(of: network.states, on: device))
    return [Int](repeating: max(4, parameters), count: sumsGradients ? 4 : 3) + [states]
  }

  /// Draws the starting numbers of every tensor from `seed` and clears the velocities.
  package func initialize(seed: UInt64) throws(CLError) {
    for (index, parameter) in network.parameters.enumerated() {
      try start(parameter, parameters.parts[index], seed: seed, stream: index)
    }
    for (index, state) in network.states.enumerated() {
      try start(state, states.parts[index], seed: seed, stream: 0)
    }
    try velocities.whole.fill(0, on: queue)
  }

  private func start(
    _ parameter: Parameter, _ buffer: Buffer<Float>, seed: UInt64, stream: Int
  ) throws(CLError) {
    let distribution: Initialize.Distribution
    switch parameter.start {
    case .constant(let value): return try buffer.fill(value, on: queue)
    case .normal(let deviation): distribution = .normal(standardDeviation: deviation)
    case .uniform(let low, let high): distribution = .uniform(low: low, high: high)
    }
    let problem = Initialize.Problem(count: parameter.count, distribution: distribution)
    let plan = Instance(Initialize.self, problem)
      .plan(choosing: DefaultChooser(), on: context.info).plan
    let bound = try BoundOperation(
      name: Initialize.name, plan: plan, buffers: ["y": buffer], context: context)
    try bound.enqueue(
      on: queue,
      scalars: [
        "seedLow": .uint(UInt32(truncatingIfNeeded: seed)),
        "seedHigh": .uint(UInt32(truncatingIfNeeded: seed >> 32)), "stream": .uint(UInt32(stream)),
      ])
  }

  /// The kinds of tensors that a checkpoint holds.
  package enum Kind: CaseIterable, Sendable { case parameter, velocity, state, gradient }

  /// Reads every tensor of a kind, in the order and layout of files.
  package func read(_ kind: Kind) throws(CLError) -> [(parameter: Parameter, values: [Float])] {
    var result: [(parameter: Parameter, values: [Float])] = []
    for (parameter, buffer) in zip(descriptions(kind), group(kind).parts) {
      result.append((parameter, parameter.fileOrder(fromDevice: try buffer.read(on: queue))))
    }
    return result
  }

  /// The sums of the gradients over the parts of a batch, in the order and layout of files.
  package func readGradientSums() throws(CLError) -> [[Float]] {
    guard let gradientSums else { preconditionFailure("a store without sums") }
    var result: [[Float]] = []
    for (parameter, buffer) in zip(network.parameters, gradientSums.parts) {
      result.append(parameter.fileOrder(fromDevice: try buffer.read(on: queue)))
    }
    return result
  }

  /// Writes one tensor given in the layout of files.
  package func write(_ kind: Kind, at index: Int, _ values: [Float]) throws(CLError) {
    try group(kind).parts[index].write(
      descriptions(kind)[index].deviceOrder(fromFile: values), on: queue)
  }

  /// Names, layouts and sizes of a kind's tensors, in the order of their indices.
  package func descriptions(_ kind: Kind) -> [Parameter] {
    kind == .state ? network.states : network.parameters
  }

  private func group(_ kind: Kind) -> Group {
    switch kind {
    case .parameter: parameters
    case .gradient: gradients
    case .velocity: velocities
    case .state: states
    }
  }
}
