/// Parts of a network that training leaves as they are.
extension Network {
  /// The first words of the parameters' names, in the network's order: "conv0", "group0", ..., "fc".
  package var groups: [String] {
    var result: [String] = []
    for parameter in parameters {
      let group = Network.group(of: parameter.name)
      if !result.contains(group) { result.append(group) }
    }
    return result
  }

  private static func group(of name: String) -> String {
    String(name.prefix { $0 != "." })
  }

  /// The network whose parameters of these groups are not trained; all others are.
  ///
  /// Batch normalisations in them still normalise by the batch, and move their running statistics.
  package func freezing(_ groups: [String]) -> Network {
    var result = self
    result.frozen = Set(
      parameters.indices.filter { groups.contains(Network.group(of: parameters[$0].name)) })
    return result
  }

  /// The parameters of the linear layer that gives the logits; none where another layer does.
  package var head: [Int] {
    guard let last = nodes.last, last.layer == .linear else { return [] }
    return last.parameters
  }

  /// For each layer whether anything that is trained lies at it or in front of it.
  var needsGradients: [Bool] {
    var result: [Bool] = []
    for node in nodes {
      result.append(
        node.parameters.contains { !frozen.contains($0) }
          || node.inputs.contains { result[$0.index] })
    }
    return result
  }
}
