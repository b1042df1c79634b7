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
  }

  /// Every layer but the input, in order.
  public var layerSummaries: [LayerSummary] {
    nodes.dropFirst().map { node in
      let from = node.inputs.first.map { shape(of: $0) } ?? node.shape
      let (kind, macs) =
        switch node.layer {
        case .input: ("input", 0)
        case .convolution(let kernel, let stride):
          (
            "conv \(kernel)x\(kernel)\(stride > 1 ? " /\(stride)" : "")",
            kernel * kernel * from.channels * node.shape.count
          )
        case .batchNormReLU(let dropout):
          (dropout > 0 ? "bn-relu-drop" : "bn-relu", 0)
        case .add: ("add", 0)
        case .globalAveragePool: ("average pool", 0)
        case .linear: ("linear", from.channels * node.shape.channels)
        }
      return LayerSummary(
        name: node.name, kind: kind, output: node.shape.description,
        parameters: node.parameters.reduce(0) { $0 + parameters[$1].count }, macs: macs)
    }
  }
}
