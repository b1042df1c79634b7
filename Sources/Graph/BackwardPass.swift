import Autotuner
import Operators

/// Writes the gradients of a network's layers into a plan, from the last layer to the first.
///
/// Where a value is used twice its gradients add up: the second operation that makes one takes
/// the first as an operand, so no addition of its own is needed for the layers that can do that.
///
/// Outputs of batch normalisations before convolutions are not kept from the forward pass: the
/// gradients normalise the convolutions' outputs again, which halves the memory of activations.
///
/// With an optimizer, a parameter whose gradient is not kept is updated behind its layer. Layers
/// that only frozen parameters lead to have no part in it.
struct BackwardPass {
  let forward: ForwardPass
  private let optimizer: Optimizer?
  /// Whether anything that is trained lies at a layer or in front of it.
  private let needsGradient: [Bool]
  var plan: ExecutionPlan
  private var gradients: [Int?]
  /// Large parameters of the layer at hand, by index, and the tensors of their gradients.
  private var updates: [(parameter: Int, gradient: Int)] = []

  /// `lossGradients` has the tensors of the losses' gradients to layers' outputs, by layer.
  init(
    after forward: ForwardPass, lossGradients: [Int: Int], optimizer: Optimizer?,
    plan: ExecutionPlan
  ) {
    self.forward = forward
    self.optimizer = optimizer
    self.plan = plan
    needsGradient = forward.network.needsGradients
    gradients = forward.network.nodes.indices.map { lossGradients[$0] }
    for index in forward.network.nodes.indices.dropFirst().reversed() { append(index) }
  }

  private mutating func append(_ index: Int) {
    let node = forward.network.nodes[index]
    // A layer that nothing uses, or that is not trained.
    guard let dy = gradients[index], needsGradient[index] else { return }
    plan.condition = forward.condition(of: node)
    defer { plan.condition = nil }
    switch node.layer {
    case .input: preconditionFailure("the input has no gradient")
    case .convolution: appendConvolution(node, dy: dy)
    case .batchNorm(let relu, let dropout):
      appendBatchNorm(index, node, relu: relu, dropout: dropout, dy: dy)
    case .add:
      for input in node.inputs { addGradient(dy, to: input, layer: node.name) }
    case .addReLU:
      // The gradient to the sum is that to both operands.
      let dx = gradientTensor(node.inputs[0], from: node.name)
      plan.append(
        AddReLUBackward.self, ElementCount(count: forward.count(node.inputs[0])),
        layer: node.name, phase: .backward,
        ["dy": dy, "y": forward.saved[index].output, "dx": dx])
      for input in node.inputs { addGradient(dx, to: input, layer: node.name) }
    case .paddedShortcut:
      appendGradient(
        PaddedShortcutBackward.self, forward.paddedShortcutProblem(node), of: node, ["dy": dy])
    case .maxPool:
      appendGradient(
        MaxPoolBackward.self, forward.maxPoolProblem(node), of: node,
        ["dy": dy, "winners": forward.saved[index].winners])
    case .averagePool:
      appendGradient(AveragePoolBackward.self, forward.poolShape(node), of: node, ["dy": dy])
    case .globalAveragePool:
      appendGradient(
        GlobalAveragePoolBackward.self, forward.globalAveragePoolProblem(node), of: node,
        ["dy": dy])
    case .biasActivation(let activation):
      appendBiasActivation(index, node, activation, dy: dy)
    case .dropout(let rate): appendDropout(index, node, rate: rate, dy: dy)
    case .gate: appendGate(node, dy: dy)
    case .maxout:
      appendGradient(
        MaxoutBackward.self, forward.maxoutProblem(node), of: node,
        ["dy": dy, "winners": forward.saved[index].winners])
    case .linear:
      appendGradient(
        LinearBackward.self, forward.linearProblem(node), of: node,
        [
          "dy": dy, "x": forward.output(node.inputs[0]),
          "w": forward.parameter(node, 0, in: &plan), "dw": parameterGradient(node, 0),
          "dbias": parameterGradient(node, 1),
        ])
    }
    appendUpdates(of: node)
  }

  /// An operation whose result "dx" is the gradient to the layer's only input.
  private mutating func appendGradient<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem, of node: Network.Node,
    _ bindings: [String: Int]
  ) {
    let dx = gradientTensor(node.inputs[0], from: node.name)
    plan.append(
      operation, problem, layer: node.name, phase: .backward, bindings.merging(["dx": dx]) { $1 })
    addGradient(dx, to: node.inputs[0], layer: node.name)
  }

  /// The updates of large parameters, which nothing of this step reads any more.
  private mutating func appendUpdates(of node: Network.Node) {
    guard let optimizer else { return }
    for (index, gradient) in updates {
      let parameter = forward.network.parameters[index]
      func tensor(_ name: String, _ storage: ExecutionPlan.Storage) -> Int {
        plan.tensor(name, count: parameter.count, storage: storage)
      }
      plan.append(
        SGD.self, optimizer.problem(count: parameter.count), layer: node.name, phase: .update,
        [
          "g": gradient, "p": tensor(parameter.name, .parameter(index)),
          "v": tensor("velocity of \(parameter.name)", .velocity(index)),
        ])
    }
    updates = []
  }

  private mutating func appendConvolution(_ node: Network.Node, dy: Int) {
    let shape = forward.convolutionShape(node)
    if !forward.network.frozen.contains(node.parameters[0]) {
      let input = forward.convolutionInput(node, in: &plan)
      plan.append(
        Conv2DBackwardFilter.self,
        Conv2DBackwardFilter.Problem(shape: shape, normalization: input.normalization),
        layer: node.name, phase: .backward,
        input.bindings.merging(["dy": dy, "dw": parameterGradient(node, 0)]) { $1 },
        scalars: input.scalars)
    }
    guard needsGradient[node.inputs[0].index] else { return }
    let dx = gradientTensor(node.inputs[0], from: node.name)
    var bindings = ["dy": dy, "w": forward.parameter(node, 0, in: &plan), "dx": dx]
    bindings["residual"] = gradients[node.inputs[0].index]
    plan.append(
      Conv2DBackwardData.self,
      Conv2DBackwardData.Problem(shape: shape, withResidual: bindings["residual"] != nil),
      layer: node.name, phase: .backward, bindings)
    setGradient(dx, of: node.inputs[0], by: node)
  }

  private mutating func appendBatchNorm(
    _ index: Int, _ node: Network.Node, relu: Bool, dropout: Double, dy: Int
  ) {
    let saved = forward.saved[index]
    let dx = gradientTensor(node.inputs[0], from: node.name)
    var bindings = [
      "dy": dy, "x": forward.output(node.inputs[0]), "mean": saved.mean,
      "inverseDeviation": saved.inverseDeviation, "gamma": forward.parameter(node, 0, in: &plan),
      "beta": forward.parameter(node, 1, in: &plan), "dx": dx,
      "dgamma": parameterGradient(node, 0), "dbeta": parameterGradient(node, 1),
    ]
    bindings["addend"] = gradients[node.inputs[0].index]
    plan.append(
      BatchNormReLUBackward.self,
      BatchNormReLUBackward.Problem(
        rows: forward.rows(node), channels: node.shape.channels, relu: relu,
        dropout: Float(dropout), withAddend: bindings["addend"] != nil),
      layer: node.name, phase: .backward, bindings, scalars: ["layer": .uint(UInt32(index))])
    setGradient(dx, of: node.inputs[0], by: node)
  }

  /// Takes `dx`, which has the gradient so far in it, as the gradient to a layer's input.
  ///
  /// Where the layer is the first of a branch that a step leaves out, the gradient so far is all.
  private mutating func setGradient(
    _ dx: Int, of input: Network.Value, by node: Network.Node
  ) {
    let before = gradients[input.index]
    gradients[input.index] = dx
    guard let branch = node.branch, forward.network.nodes[input.index].branch != branch else {
      return
    }
    let count = forward.count(input)
    plan.condition = .dropped(branch)
    if let before {
      plan.append(
        Copy.self, Copy.Problem(count: count), layer: node.name, phase: .backward,
        ["x": before, "y": dx])
    } else {
      plan.append(
        Fill.self, Fill.Problem(count: count, value: 0), layer: node.name, phase: .backward,
        ["y": dx])
    }
  }

  mutating func gradientTensor(_ value: Network.Value, from layer: String) -> Int {
    plan.tensor("gradient by \(layer)", count: forward.count(value))
  }

  mutating func parameterGradient(_ node: Network.Node, _ position: Int) -> Int {
    let index = node.parameters[position]
    let parameter = forward.network.parameters[index]
    let isFrozen = forward.network.frozen.contains(index)
    let isKept =
      !isFrozen && (optimizer == nil || forward.network.keepsGradient(of: index))
    let gradient = plan.tensor(
      "gradient of \(parameter.name)", count: parameter.count,
      storage: isKept ? .gradient(index) : .arena)
    if !isKept && !isFrozen { updates.append((index, gradient)) }
    return gradient
  }

  mutating func addGradient(_ gradient: Int, to value: Network.Value, layer: String) {
    guard needsGradient[value.index] else { return }
    guard let first = gradients[value.index] else {
      gradients[value.index] = gradient
      return
    }
    let sum = gradientTensor(value, from: layer)
    plan.append(
      Add.self, Add.Problem(count: forward.count(value)), layer: layer, phase: .backward,
      ["a": first, "b": gradient, "y": sum])
    gradients[value.index] = sum
  }
}
