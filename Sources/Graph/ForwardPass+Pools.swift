import Autotuner
import Operators

/// Pools, and the maxima of maxout.
extension ForwardPass {
  mutating func appendMaxPool(_ node: Network.Node) {
    let problem = maxPoolProblem(node)
    let (places, bindings) = maxima(of: node, withWinners: problem.withWinners)
    plan.append(MaxPoolForward.self, problem, layer: node.name, phase: .forward, bindings)
    saved.append(places)
  }

  mutating func appendMaxout(_ node: Network.Node) {
    let problem = maxoutProblem(node)
    let (places, bindings) = maxima(of: node, withWinners: problem.withWinners)
    plan.append(MaxoutForward.self, problem, layer: node.name, phase: .forward, bindings)
    saved.append(places)
  }

  private mutating func maxima(
    of node: Network.Node, withWinners: Bool
  ) -> (places: Saved, bindings: [String: Int]) {
    var places = Saved(output: tensor(node))
    var bindings = ["x": output(node.inputs[0]), "y": places.output]
    if withWinners {
      places.winners = plan.tensor(
        "\(node.name).winners", count: batch * node.shape.count, element: .uchar)
      bindings["winners"] = places.winners
    }
    return (places, bindings)
  }

  mutating func appendAveragePool(_ node: Network.Node) {
    let y = tensor(node)
    plan.append(
      AveragePoolForward.self, poolShape(node), layer: node.name, phase: .forward,
      ["x": output(node.inputs[0]), "y": y])
    saved.append(Saved(output: y))
  }

  mutating func appendGlobalAveragePool(_ node: Network.Node) {
    let y = tensor(node)
    plan.append(
      GlobalAveragePoolForward.self, globalAveragePoolProblem(node), layer: node.name,
      phase: .forward, ["x": output(node.inputs[0]), "y": y])
    saved.append(Saved(output: y))
  }
}
