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
