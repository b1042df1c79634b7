import Autotuner
import Operators

/// Layers of networks without batch normalisation.
extension ForwardPass {
  mutating func appendBiasActivation(_ node: Network.Node) {
    let y = tensor(node)
    var plan = takePlan()
    let bias = parameter(node, 0, in: &plan)
    plan.append(
      BiasActivationForward.self, biasActivationProblem(node), layer: node.name, phase: .forward,
      ["x": output(node.inputs[0]), "bias": bias, "y": y])
    self.plan = plan
    saved.append(Saved(output: y))
  }

  /// In an evaluation the output is the input.
  mutating func appendDropout(_ index: Int, _ node: Network.Node, rate: Double) {
    guard mode == .training else {
      saved.append(Saved(output: output(node.inputs[0])))
      return
    }
    let y = tensor(node)
    plan.append(
      Dropout.self, Dropout.Problem(count: count(node.inputs[0]), rate: Float(rate)),
      layer: node.name, phase: .forward, ["x": output(node.inputs[0]), "y": y],
      scalars: ["layer": .uint(UInt32(index))])
    saved.append(Saved(output: y))
  }

  mutating func appendGate(_ node: Network.Node) {
    let y = tensor(node)
    let inputs = node.inputs.map(output)
    plan.append(
      GateForward.self, ElementCount(count: plan.tensors[y].count), layer: node.name,
      phase: .forward, ["h": inputs[0], "t": inputs[1], "x": inputs[2], "y": y])
    saved.append(Saved(output: y))
  }
}
