import Autotuner
import Operators

/// What a plan is for.
package enum PlanMode: Hashable, Sendable { case training, evaluation }

/// Writes a network's layers into a plan, remembering what the backward pass needs.
struct ForwardPass {
  /// Where the tensors of a layer lie, by their meaning.
  struct Saved {
    var output: Int
    /// Of a batch normalisation: the batch's mean and inverse deviation.
    var mean = -1
    var inverseDeviation = -1
    /// Of a max pool or maxout: which candidate each maximum is.
    var winners = -1
  }

  let network: Network
  let batch: Int
  let mode: PlanMode
  var plan: ExecutionPlan
  var saved: [Saved] = []
  /// For each convolution whose result is only added to something: that addition.
  private let additionsInConvolutions: [Int: Int]
  /// The same the other way round.
  private let convolutionsOfAdditions: [Int: Int]
  /// Batch normalisations that the convolutions behind them apply themselves.
  private let normalizationsInConvolutions: Set<Int>
  /// Batch normalisations that the sums with ReLU behind them apply themselves.
  private let normalizationsInSums: Set<Int>

  init(network: Network, batch: Int, mode: PlanMode, plan: ExecutionPlan, images: Int) {
    self.network = network
    self.batch = batch
    self.mode = mode
    self.plan = plan
    additionsInConvolutions = network.additionsInConvolutions
    convolutionsOfAdditions = Dictionary(
      uniqueKeysWithValues: additionsInConvolutions.map { ($1, $0) })
    normalizationsInConvolutions = network.normalizationsInConvolutions
    normalizationsInSums = network.normalizationsInSums
    saved = [Saved(output: images)]
    for index in network.nodes.indices.dropFirst() { append(index) }
  }

  /// The plan, which this pass does not need any more.
  mutating func takePlan() -> ExecutionPlan {
    defer { plan = ExecutionPlan() }
    return plan
  }

  /// Values of a layer's output for the whole batch.
  func count(_ value: Network.Value) -> Int { batch * network.shape(of: value).count }

  func output(_ value: Network.Value) -> Int { saved[value.index].output }

  /// The tensor of a layer's parameter by its place in the layer.
  func parameter(_ node: Network.Node, _ position: Int, in plan: inout ExecutionPlan) -> Int {
    let index = node.parameters[position]
    let parameter = network.parameters[index]
    return plan.tensor(parameter.name, count: parameter.count, storage: .parameter(index))
  }

  private mutating func append(_ index: Int) {
    let node = network.nodes[index]
    if mode == .evaluation && network.isSide(index) {
      saved.append(Saved(output: -1))
      return
    }
    plan.condition = condition(of: node)
    defer { plan.condition = nil }
    switch node.layer {
    case .input: preconditionFailure("the input is the first layer only")
    case .convolution: appendConvolution(index)
    case .batchNorm: appendBatchNorm(index)
    case .add:
      // The convolution that computes the sum has put it into its own place.
      if let convolution = convolutionsOfAdditions[index] {
        saved.append(Saved(output: saved[convolution].output))
        return
      }
      let y = tensor(node)
      plan.append(
        Add.self, Add.Problem(count: plan.tensors[y].count), layer: node.name, phase: .forward,
        ["a": output(node.inputs[0]), "b": output(node.inputs[1]), "y": y])
      saved.append(Saved(output: y))
    case .addReLU: appendAddReLU(node)
    case .paddedShortcut:
      let y = tensor(node)
      plan.append(
        PaddedShortcutForward.self, paddedShortcutProblem(node), layer: node.name, phase: .forward,
        ["x": output(node.inputs[0]), "y": y])
      saved.append(Saved(output: y))
    case .maxPool: appendMaxPool(node)
    case .averagePool: appendAveragePool(node)
    case .globalAveragePool: appendGlobalAveragePool(node)
    case .biasActivation: appendBiasActivation(node)
    case .dropout(let rate): appendDropout(index, node, rate: rate)
    case .gate: appendGate(node)
    case .maxout: appendMaxout(node)
    case .linear:
      let y = tensor(node)
      plan.append(
        LinearForward.self, linearProblem(node), layer: node.name, phase: .forward,
        [
          "x": output(node.inputs[0]), "w": parameter(node, 0, in: &plan),
          "bias": parameter(node, 1, in: &plan), "y": y,
        ])
      saved.append(Saved(output: y))
    }
  }

  /// When the operations of a layer are run.
  func condition(of node: Network.Node) -> ExecutionPlan.Condition? {
    mode == .training ? node.branch.map(ExecutionPlan.Condition.survives) : nil
  }

  /// The sum, of which a branch of stochastic depth is no part where it is dropped.
  private mutating func appendAddReLU(_ node: Network.Node) {
    let y = tensor(node)
    var cases: [(condition: ExecutionPlan.Condition?, share: Float)] = [(nil, 1)]
    if let branch = network.nodes[node.inputs[0].index].branch {
      cases =
        mode == .training
        ? [(.survives(branch), 1), (.dropped(branch), 0)]
        : [(nil, Float(network.survivals[branch]))]
    }
    for (condition, share) in cases {
      plan.condition = condition
      if normalizationsInSums.contains(node.inputs[0].index) {
        appendNormalizedSum(node, share: share, y: y)
      } else {
        plan.append(
          AddReLUForward.self, ElementCount(count: plan.tensors[y].count), layer: node.name,
          phase: .forward, ["a": output(node.inputs[0]), "b": output(node.inputs[1]), "y": y],
          scalars: ["share": .float(share)])
      }
    }
    saved.append(Saved(output: y))
  }

  private mutating func appendNormalizedSum(_ node: Network.Node, share: Float, y: Int) {
    var plan = takePlan()
    let bindings = normalizationBindings(node.inputs[0].index, in: &plan)
    plan.append(
      BatchNormAddReLUForward.self,
      BatchNormAddReLUForward.Problem(
        rows: rows(node), channels: node.shape.channels, inference: mode == .evaluation),
      layer: node.name, phase: .forward,
      bindings.merging(["b": output(node.inputs[1]), "y": y]) { $1 },
      scalars: ["share": .float(share)])
    self.plan = plan
  }

  private mutating func appendConvolution(_ index: Int) {
    let node = network.nodes[index]
    let y = tensor(node)
    var plan = takePlan()
    let input = convolutionInput(node, in: &plan)
    var bindings = input.bindings.merging(["w": parameter(node, 0, in: &plan), "y": y]) { $1 }
    if let addition = additionsInConvolutions[index] {
      let inputs = network.nodes[addition].inputs
      bindings["residual"] = output(inputs[0].index == index ? inputs[1] : inputs[0])
    }
    plan.append(
      Conv2DForward.self,
      Conv2DForward.Problem(
        shape: convolutionShape(node), withResidual: bindings["residual"] != nil,
        normalization: input.normalization),
      layer: node.name, phase: .forward, bindings, scalars: input.scalars)
    self.plan = plan
    saved.append(Saved(output: y))
  }

  /// What a convolution reads: a tensor, or the input of a batch normalisation with what
  /// normalises it.
  func convolutionInput(
    _ node: Network.Node, in plan: inout ExecutionPlan
  ) -> (bindings: [String: Int], normalization: InputNormalization?, scalars: DynamicScalars) {
    let index = node.inputs[0].index
    guard normalizationsInConvolutions.contains(index),
      case .batchNorm(_, let dropout) = network.nodes[index].layer
    else { return (["x": output(node.inputs[0])], nil, [:]) }
    let normalization = InputNormalization(
      inference: mode == .evaluation, dropout: mode == .training ? Float(dropout) : 0)
    return (
      normalizationBindings(index, in: &plan), normalization, ["layer": .uint(UInt32(index))]
    )
  }

  private mutating func appendBatchNorm(_ index: Int) {
    let node = network.nodes[index]
    let channels = node.shape.channels
    saved.append(Saved(output: -1))
    if mode == .training {
      saved[index].mean = plan.tensor("\(node.name).mean", count: channels)
      saved[index].inverseDeviation = plan.tensor(
        "\(node.name).inverse_deviation", count: channels)
      plan.append(
        BatchNormStatistics.self,
        BatchNormStatistics.Problem(rows: rows(node), channels: channels),
        layer: node.name, phase: .forward,
        [
          "x": output(node.inputs[0]), "runningMean": state(node, 0, in: &plan),
          "runningVariance": state(node, 1, in: &plan), "mean": saved[index].mean,
          "inverseDeviation": saved[index].inverseDeviation,
        ])
    }
    if normalizationsInConvolutions.contains(index) || normalizationsInSums.contains(index) {
      return
    }
    guard case .batchNorm(let relu, let dropout) = node.layer else {
      preconditionFailure("\(node.name) is no batch normalisation")
    }
    let y = tensor(node)
    saved[index].output = y
    var plan = takePlan()
    plan.append(
      BatchNormReLUForward.self,
      BatchNormReLUForward.Problem(
        rows: rows(node), channels: node.shape.channels, relu: relu,
        inference: mode == .evaluation, dropout: mode == .training ? Float(dropout) : 0),
      layer: node.name, phase: .forward,
      normalizationBindings(index, in: &plan).merging(["y": y]) { $1 },
      scalars: ["layer": .uint(UInt32(index))])
    self.plan = plan
  }

  /// The input of a batch normalisation and the numbers that normalise it.
  private func normalizationBindings(
    _ index: Int, in plan: inout ExecutionPlan
  ) -> [String: Int] {
    let node = network.nodes[index]
    var bindings = [
      "x": output(node.inputs[0]), "gamma": parameter(node, 0, in: &plan),
      "beta": parameter(node, 1, in: &plan),
    ]
    if mode == .training {
      bindings["mean"] = saved[index].mean
      bindings["inverseDeviation"] = saved[index].inverseDeviation
    } else {
      bindings["mean"] = state(node, 0, in: &plan)
      bindings["variance"] = state(node, 1, in: &plan)
    }
    return bindings
  }

  /// The tensor of a layer's running statistic by its place in the layer.
  private func state(_ node: Network.Node, _ position: Int, in plan: inout ExecutionPlan) -> Int {
    let index = node.states[position]
    let state = network.states[index]
    return plan.tensor(state.name, count: state.count, storage: .state(index))
  }

  mutating func tensor(_ node: Network.Node) -> Int {
    plan.tensor(node.name, count: batch * node.shape.count)
  }
}
