import Graph

/// A pre-activation ResNet for small images (He et al., ECCV 2016): the thin and deep networks that
/// Wide ResNets are compared with.
///
/// Basic blocks of two 3x3 convolutions give depths of 6·n + 2; bottlenecks of 1x1, 3x3 and 1x1
/// convolutions with four times the channels give 9·n + 2. A name means basic blocks below a depth
/// of 164. Where the channels change, the shortcut is a 1x1 convolution of what the block's first
/// BN-ReLU gives.
public struct PreactivationResNet: Hashable, Codable, Sendable {
  /// The depth of the name: 110, 164, 1001.
  public var depth: Int
  /// Whether its blocks are bottlenecks.
  public var hasBottlenecks: Bool
  /// The probability of dropout before each block's last convolution.
  public var dropout: Double
  /// Whether gamma starts as 1 instead of U(0, 1).
  public var unitGamma: Bool

  /// The network of a depth; throws `ModelError` where it fits no whole number of blocks.
  ///
  /// Without `hasBottlenecks` the depth says whether it has them, as in the paper's networks.
  public init(
    depth: Int, hasBottlenecks: Bool? = nil, dropout: Double = 0, unitGamma: Bool = false
  ) throws(ModelError) {
    let hasBottlenecks = hasBottlenecks ?? (depth >= 164)
    let step = hasBottlenecks ? 9 : 6
    guard (8...10_000).contains(depth), (depth - 2).isMultiple(of: step) else {
      throw ModelError(
        what: "model preact-resnet-\(depth)",
        why: "its depth must be \(step)n+2 with \(hasBottlenecks ? "bottlenecks" : "basic blocks")",
        whatToDo: "try preact-resnet-110, preact-resnet-164 or preact-resnet-1001")
    }
    guard dropout >= 0 && dropout < 1 else { throw .dropout(dropout) }
    self.depth = depth
    self.hasBottlenecks = hasBottlenecks
    self.dropout = dropout
    self.unitGamma = unitGamma
  }

  /// The name, for example "preact-resnet-164".
  public var name: String { "preact-resnet-\(depth)" }

  /// Blocks in each of the three groups.
  public var blocksPerGroup: Int { (depth - 2) / (hasBottlenecks ? 9 : 6) }

  /// The layers for images of a shape; parameters are named as those of Wide ResNets.
  public func network(image: ImageShape, classes: Int) -> Network {
    var network = Network(image: image)
    var x = network.convolution(network.input, channels: 16, kernel: 3, name: "conv0")
    for (group, inner) in [16, 32, 64].enumerated() {
      for block in 0..<blocksPerGroup {
        let convolutions =
          hasBottlenecks
          ? [(kernel: 1, channels: inner), (3, inner), (1, 4 * inner)]
          : [(kernel: 3, channels: inner), (3, inner)]
        x = PreactivationBlock(
          convolutions: convolutions, stride: group > 0 && block == 0 ? 2 : 1, dropout: dropout,
          unitGamma: unitGamma
        ).append(to: &network, x, prefix: "group\(group).block\(block)")
      }
    }
    x = network.batchNormReLU(x, unitGamma: unitGamma, name: "bn")
    network.linear(network.globalAveragePool(x), outputs: classes, name: "fc")
    return network
  }
}
