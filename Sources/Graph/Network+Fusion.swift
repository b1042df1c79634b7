extension Network {
  /// Batch normalisations with ReLU that only convolutions read.
  var normalizationsInConvolutions: Set<Int> {
    var convolved: Set<Int> = []
    var others: Set<Int> = []
    for node in nodes {
      for input in node.inputs {
        if case .convolution = node.layer {
          convolved.insert(input.index)
        } else {
          others.insert(input.index)
        }
      }
    }
    return convolved.subtracting(others).filter { index in
      if case .batchNorm(relu: true, _) = nodes[index].layer { true } else { false }
    }
  }

  /// Batch normalisations without ReLU whose result is only the first operand of a sum with ReLU.
  var normalizationsInSums: Set<Int> {
    var users: [Int: Int] = [:]
    for input in nodes.lazy.flatMap(\.inputs) { users[input.index, default: 0] += 1 }
    return Set(
      nodes.compactMap { node in
        guard node.layer == .addReLU, users[node.inputs[0].index] == 1,
          case .batchNorm(relu: false, _) = nodes[node.inputs[0].index].layer
        else { return nil }
        return node.inputs[0].index
      })
  }

  /// For each convolution whose result goes into one addition and nowhere else, that addition:
  /// the convolution then computes the sum, once its other operand is there.
  var additionsInConvolutions: [Int: Int] {
    var users: [Int: [Int]] = [:]
    for (index, node) in nodes.enumerated() {
      for input in node.inputs { users[input.index, default: []].append(index) }
    }
    var result: [Int: Int] = [:]
    for (index, node) in nodes.enumerated() where node.layer == .add {
      guard let last = node.inputs.map(\.index).max(), case .convolution = nodes[last].layer,
        users[last] == [index], node.inputs[0] != node.inputs[1]
      else { continue }
      result[last] = index
    }
    return result
  }
}
