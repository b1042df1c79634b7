import Autotuner
import Operators

/// Layers of networks without batch normalisation.
extension BackwardPass {
  mutating func appendBiasActivation(
    _ index: Int, _ node: Network.Node, _ activation: Network.Activation, dy: Int
  ) {
    var bindings = ["dy": dy, "dbias": parameterGradient(node, 0)]
    var dx = dy  // the identity passes its gradient on
    if activation != .identity {
      dx = gradientTensor(node.inputs[0], from: node.name)
      bindings["y"] = forward.saved[index].output
      bindings["dx"] = dx
    }
    plan.append(
      BiasActivationBackward.self, forward.biasActivationProblem(node), layer: node.name,
      phase: .backward, bindings)
    addGradient(dx, to: node.inputs[0], layer: node.name)
  }

  mutating func appendDropout(_ index: Int, _ node: Network.Node, rate: Double, dy: Int) {
    guard node.inputs[0] != forward.network.input else { return }
    let dx = gradientTensor(node.inputs[0], from: node.name)
    plan.append(
      Dropout.self, Dropout.Problem(count: forward.count(node.inputs[0]), rate: Float(rate)),
      layer: node.name, phase: .backward, ["x": dy, "y": dx],
      scalars: ["layer": .uint(UInt32(index))])
    addGradient(dx, to: node.inputs[0], layer: node.name)
  }

  mutating func appendGate(_ node: Network.Node, dy: Int) {
    let inputs = node.inputs.map(forward.output)
    let gradients = zip(["h", "t", "x"], node.inputs).map {
      gradientTensor($1, from: "\(node.name).\($0)")
    }
    plan.append(
      GateBackward.self, ElementCount(count: forward.count(node.inputs[0])), layer: node.name,
      phase: .backward,
      [
        "dy": dy, "h": inputs[0], "t": inputs[1], "x": inputs[2], "dh": gradients[0],
        "dt": gradients[1], "dx": gradients[2],
      ])
    for (gradient, input) in zip(gradients, node.inputs) {
      addGradient(gradient, to: input, layer: node.name)
    }
  }
}
