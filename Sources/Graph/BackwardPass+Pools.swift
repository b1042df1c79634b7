import Operators

/// Pools, and the maxima of maxout.
extension BackwardPass {
  mutating func appendMaxPool(_ index: Int, _ node: Network.Node, dy: Int) {
    let dx = gradientTensor(node.inputs[0], from: node.name)
    plan.append(
      MaxPoolBackward.self, forward.maxPoolProblem(node), layer: node.name, phase: .backward,
      ["dy": dy, "winners": forward.saved[index].winners, "dx": dx])
    addGradient(dx, to: node.inputs[0], layer: node.name)
  }

  mutating func appendMaxout(_ index: Int, _ node: Network.Node, dy: Int) {
    let dx = gradientTensor(node.inputs[0], from: node.name)
    plan.append(
      MaxoutBackward.self, forward.maxoutProblem(node), layer: node.name, phase: .backward,
      ["dy": dy, "winners": forward.saved[index].winners, "dx": dx])
    addGradient(dx, to: node.inputs[0], layer: node.name)
  }

  mutating func appendAveragePool(_ node: Network.Node, dy: Int) {
    let dx = gradientTensor(node.inputs[0], from: node.name)
    plan.append(
      AveragePoolBackward.self, forward.poolShape(node), layer: node.name, phase: .backward,
      ["dy": dy, "dx": dx])
    addGradient(dx, to: node.inputs[0], layer: node.name)
  }

  mutating func appendGlobalAveragePool(_ node: Network.Node, dy: Int) {
    let dx = gradientTensor(node.inputs[0], from: node.name)
    plan.append(
      GlobalAveragePoolBackward.self, forward.globalAveragePoolProblem(node), layer: node.name,
      phase: .backward, ["dy": dy, "dx": dx])
    addGradient(dx, to: node.inputs[0], layer: node.name)
  }
}
