import Operators

extension Network {
  /// One layer in a table of the network.
  public struct LayerSummary: Codable, Hashable, Sendable {
    /// The layer's name.
    public let name: String
    /// What it does.
    public let kind: String
    /// The output's shape for one image, CxHxW.
    public let output: String
    /// Trainable numbers.
    public let parameters: Int
    /// Multiply-adds of convolutions and linear layers, forward, for one image.
    public let macs: Int
    /// What one launch computes together with this layer; nil for nothing else.
    public let fused: String?
  }

  /// Every layer but the input, in order.
  public var layerSummaries: [LayerSummary] {
    let fusions = fusions
    return nodes.indices.dropFirst().map { index in
      let node = nodes[index]
      let from = node.inputs.first.map { shape(of: $0) } ?? node.shape
      let (kind, macs) =
        switch node.layer {
        case .input: ("input", 0)
        case .convolution(let kernel, let stride):
          (
            "conv \(kernel)x\(kernel)\(stride > 1 ? " /\(stride)" : "")",
            kernel * kernel * from.channels * node.shape.count
          )
        case .batchNorm(let relu, let dropout):
          ("bn" + (relu ? "-relu" : "") + (dropout > 0 ? "-drop" : ""), 0)
        case .add: ("add", 0)
        case .addReLU: ("add-relu", 0)
        case .paddedShortcut(let stride): ("padded\(stride > 1 ? " /\(stride)" : "")", 0)
        case .maxPool(let window): ("max pool \(window.summary)", 0)
        case .averagePool(let window): ("average \(window.summary)", 0)
        case .globalAveragePool: ("average pool", 0)
        case .biasActivation(.identity): ("bias", 0)
        case .biasActivation(let activation): ("bias-\(activation.rawValue)", 0)
        case .dropout(let rate): ("dropout \(rate)", 0)
        case .gate: ("gate", 0)
        case .maxout(let pieces): ("maxout of \(pieces)", 0)
        case .linear: ("linear", from.count * node.shape.channels)
        }
      return LayerSummary(
        name: node.name, kind: kind, output: node.shape.description,
        parameters: node.parameters.reduce(0) { $0 + parameters[$1].count }, macs: macs,
        fused: fusions[index])
    }
  }

  /// What the forward pass fuses, by layer, in words.
  private var fusions: [Int: String] {
    var parts: [Int: [String]] = [:]
    let normalizations = normalizationsInConvolutions.union(normalizationsInSums)
    for (index, node) in nodes.enumerated() {
      guard let input = node.inputs.first?.index else { continue }
      if normalizations.contains(input) {
        parts[index, default: []].append("\(nodes[input].name) on its input")
        parts[input, default: []].append("in \(node.name)")
      }
    }
    for (convolution, addition) in additionsInConvolutions {
      parts[convolution, default: []].append("\(nodes[addition].name) on its output")
      parts[addition, default: []].append("in \(nodes[convolution].name)")
    }
    return parts.mapValues { $0.joined(separator: ", ") }
  }
}

extension PoolWindow {
  fileprivate var summary: String {
    "\(kernel)x\(kernel)\(stride > 1 ? " /\(stride)" : "")"
  }
}
