import Autotuner
import DeviceRuntime
import Operators

/// A network's parameters, gradients, velocities and running statistics on a device.
///
/// Each kind is one allocation, so that one launch updates many parameters. Those whose gradients
/// a training step keeps come first, in the network's order, then the others, the frozen ones at the
/// end. Between two tensors there may be padding, which stays zero.
package final class ParameterStore {
  package let network: Network
  package let context: Context
  package let queue: Queue
  let parameters: Group
  let states: Group
  /// Of training.
  let velocities: Group?
  /// Those that `Purpose` tells.
  let gradients: Group?
  /// Of the gradients of a batch that goes in parts.
  let gradientSums: Group?

  /// What a store is for, which decides what it holds besides parameters and running statistics.
  package enum Purpose: Sendable {
    case evaluation
    /// All gradients, without an update.
    case gradients
    /// Velocities, and the gradients that a step keeps until its last update.
    case training
    /// Velocities, all gradients, and their sums over the parts of a batch.
    case trainingInParts

    fileprivate var hasVelocities: Bool { self == .training || self == .trainingInParts }
    fileprivate var hasGradientSums: Bool { self == .trainingInParts }

    /// Indices of the parameters whose gradients there are, in the order that they lie in.
    fileprivate func gradients(of network: Network) -> [Int]? {
      switch self {
      case .evaluation: nil
      case .training: network.keptGradients
      case .gradients, .trainingInParts: ParameterStore.trained(of: network)
      }
    }
  }

  /// Tensors of one kind, in one allocation.
  final class Group {
    let whole: Buffer<Float>
    /// By the tensors' indices.
    let parts: [Int: Buffer<Float>]

    /// The tensors of these indices and sizes, in the order that they lie in.
    init(
      _ tensors: [(index: Int, count: Int)], context: Context, queue: Queue
    ) throws(CLError) {
      let step = ParameterStore.step(on: context.info)
      let count = ParameterStore.paddedCount(tensors.map(\.count), on: context.info)
      whole = try context.makeBuffer(Float.self, count: max(count, 1))
      try whole.fill(0, on: queue)
      var parts: [Int: Buffer<Float>] = [:]
      var offset = 0
      for (index, count) in tensors {
        parts[index] = try whole.part(byteOffset: 4 * offset, count: count)
        offset += ceilDivide(count, step) * step
      }
      self.parts = parts
    }

    subscript(index: Int) -> Buffer<Float> {
      guard let part = parts[index] else { preconditionFailure("a store without tensor \(index)") }
      return part
    }
  }

  /// Allocates everything; the numbers are zero until `initialize` or `write`.
  package init(
    network: Network, for purpose: Purpose, context: Context, queue: Queue
  ) throws(CLError) {
    self.network = network
    self.context = context
    self.queue = queue
    func group(_ indices: [Int], of tensors: [Parameter]) throws(CLError) -> Group {
      try Group(
        indices.map { ($0, tensors[$0].count) }, context: context, queue: queue)
    }
    let order = ParameterStore.order(of: network)
    parameters = try group(order, of: network.parameters)
    states = try group(Array(network.states.indices), of: network.states)
    velocities = purpose.hasVelocities ? try group(order, of: network.parameters) : nil
    if let indices = purpose.gradients(of: network) {
      gradients = try group(indices, of: network.parameters)
    } else {
      gradients = nil
    }
    gradientSums =
      purpose.hasGradientSums
      ? try group(ParameterStore.trained(of: network), of: network.parameters) : nil
  }

  /// Indices of all parameters, in the order that they lie in.
  private static func order(of network: Network) -> [Int] {
    trained(of: network) + network.frozen.sorted()
  }

  /// Those that are not frozen, which come first.
  private static func trained(of network: Network) -> [Int] {
    network.keptGradients
      + network.parameters.indices.filter {
        !network.keepsGradient(of: $0) && !network.frozen.contains($0)
      }
  }

  /// Numbers in one of the parameter-sized allocations, padding included.
  package static func paddedCount(of network: Network, on device: DeviceInfo) -> Int {
    paddedCount(network.parameters.map(\.count), on: device)
  }

  /// Numbers in it that belong to parameters which are not frozen: the first ones.
  static func paddedTrained(of network: Network, on device: DeviceInfo) -> Int {
    paddedCount(trained(of: network).map { network.parameters[$0].count }, on: device)
  }

  /// Numbers in a store's allocation of gradients, padding included.
  package static func paddedGradients(
    of network: Network, for purpose: Purpose, on device: DeviceInfo
  ) -> Int {
    paddedCount(
      (purpose.gradients(of: network) ?? []).map { network.parameters[$0].count }, on: device)
  }

  private static func paddedCount(_ counts: [Int], on device: DeviceInfo) -> Int {
    let step = step(on: device)
    return counts.reduce(0) { $0 + ceilDivide($1, step) * step }
  }

  /// Every tensor starts at a multiple of so many numbers.
  private static func step(on device: DeviceInfo) -> Int {
    max(1, device.baseAlignment / MemoryLayout<Float>.stride)
  }

  /// Bytes of each allocation that a store of the network makes.
  static func allocations(
    of network: Network, for purpose: Purpose, on device: DeviceInfo
  ) -> [Int] {
    func bytes(_ count: Int) -> Int { 4 * max(1, count) }
    let all = bytes(paddedCount(of: network, on: device))
    let trained = bytes(paddedTrained(of: network, on: device))
    let states = bytes(paddedCount(network.states.map(\.count), on: device))
    let gradients = bytes(paddedGradients(of: network, for: purpose, on: device))
    return [all, states] + (purpose.hasVelocities ? [all] : [])
      + (purpose.gradients(of: network) == nil ? [] : [gradients])
      + (purpose.hasGradientSums ? [trained] : [])
  }

  /// Sets every number to zero, those between the tensors too.
  package func clear() throws(CLError) {
    for group in [parameters, states, velocities, gradients, gradientSums] {
      try group?.whole.fill(0, on: queue)
    }
  }

  /// Draws the starting numbers of every tensor from `seed` and clears everything else.
  package func initialize(seed: UInt64) throws(CLError) {
    try clear()
    for (index, parameter) in network.parameters.enumerated() {
      try start(parameter, parameters[index], seed: seed, stream: index)
    }
    for (index, state) in network.states.enumerated() {
      try start(state, states[index], seed: seed, stream: 0)
    }
  }

  /// Everything that a step changes.
  package func snapshot() throws(CLError) -> [[Float]] {
    var tensors: [[Float]] = []
    for group in changing { tensors.append(try group.whole.read(on: queue)) }
    return tensors
  }

  /// Takes over what `snapshot` gave.
  package func restore(_ snapshot: [[Float]]) throws(CLError) {
    try clear()
    for (group, values) in zip(changing, snapshot) { try group.whole.write(values, on: queue) }
  }

  private var changing: [Group] { [parameters, states] + (velocities.map { [$0] } ?? []) }

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

  /// Reads every tensor of a kind that the store holds, in the order and layout of files.
  package func read(_ kind: Kind) throws(CLError) -> [(parameter: Parameter, values: [Float])] {
    try read(group(kind), descriptions(kind))
  }

  private func read(
    _ group: Group, _ descriptions: [Parameter]
  ) throws(CLError) -> [(parameter: Parameter, values: [Float])] {
    var result: [(parameter: Parameter, values: [Float])] = []
    for (index, parameter) in descriptions.enumerated() {
      guard let buffer = group.parts[index] else { continue }
      result.append((parameter, parameter.fileOrder(fromDevice: try buffer.read(on: queue))))
    }
    return result
  }

  /// The sums of the gradients over the parts of a batch, in the order and layout of files.
  package func readGradientSums() throws(CLError) -> [[Float]] {
    try read(ParameterStore.held(gradientSums), network.parameters).map(\.values)
  }

  /// Writes one tensor given in the layout of files.
  package func write(_ kind: Kind, at index: Int, _ values: [Float]) throws(CLError) {
    try group(kind)[index].write(
      descriptions(kind)[index].deviceOrder(fromFile: values), on: queue)
  }

  /// Names, layouts and sizes of a kind's tensors, in the order of their indices.
  package func descriptions(_ kind: Kind) -> [Parameter] {
    kind == .state ? network.states : network.parameters
  }

  private func group(_ kind: Kind) -> Group {
    switch kind {
    case .parameter: parameters
    case .gradient: ParameterStore.held(gradients)
    case .velocity: ParameterStore.held(velocities)
    case .state: states
    }
  }

  static func held(_ group: Group?) -> Group {
    guard let group else { preconditionFailure("a store for another purpose") }
    return group
  }
}
