import Graph

/// An original ResNet for small images (He et al., CVPR 2016): post-activation blocks of two 3x3
/// convolutions, shortcuts without parameters.
///
/// Its depth is 6·n + 2 with n blocks in each of three groups of 16, 32 and 64 channels. With
/// stochastic depth (Huang et al., ECCV 2016) training leaves out blocks at random: of L blocks the
/// l-th survives a step with probability 1 - l/L·(1 - `survival`).
public struct ResNet: Hashable, Codable, Sendable {
  /// The depth of the name: 20, 56, 110, 1202.
  public var depth: Int
  /// The probability that the last block survives a training step; 1 without stochastic depth.
  public var survival: Double
  /// Whether gamma starts as 1 instead of U(0, 1).
  public var unitGamma: Bool

  /// The network of a depth; throws `ModelError` where it fits no whole number of blocks.
  public init(
    depth: Int, survival: Double = 1, unitGamma: Bool = false
  ) throws(ModelError) {
    guard (8...10_000).contains(depth), (depth - 2).isMultiple(of: 6) else {
      let imageNet = ImageNetResNet.depths.map { "resnet-\($0)" }.joined(separator: ", ")
      throw ModelError(
        what: "model resnet-\(depth)", why: "its depth must be 6n+2",
        whatToDo: "try resnet-20, resnet-110 or resnet-1202, or \(imageNet) for ImageNet")
    }
    guard survival > 0, survival <= 1 else {
      throw ModelError(
        what: "survival \(survival)", why: "not a probability above 0", whatToDo: "give 0.5")
    }
    self.depth = depth
    self.survival = survival
    self.unitGamma = unitGamma
  }

  /// The survival that the name of stochastic depth means, as in its paper.
  static let usualSurvival = 0.5

  /// The name: "resnet-110", or "stochastic-depth-110" whatever the survival.
  public var name: String { "\(survival < 1 ? "stochastic-depth" : "resnet")-\(depth)" }

  /// Blocks in each of the three groups.
  public var blocksPerGroup: Int { (depth - 2) / 6 }

  /// The layers for images of a shape; parameters are named as those of Wide ResNets.
  public func network(image: ImageShape, classes: Int) -> Network {
    var network = Network(image: image)
    var x = network.convolution(network.input, channels: 16, kernel: 3, name: "conv0")
    x = network.batchNormReLU(x, unitGamma: unitGamma, name: "bn0")
    for (group, channels) in [16, 32, 64].enumerated() {
      for block in 0..<blocksPerGroup {
        let place = Double(group * blocksPerGroup + block + 1) / Double(3 * blocksPerGroup)
        x = PostactivationBlock(
          convolutions: [(kernel: 3, channels: channels), (3, channels)],
          stride: group > 0 && block == 0 ? 2 : 1, shortcut: .padded,
          survival: 1 - place * (1 - survival), unitGamma: unitGamma
        ).append(to: &network, x, prefix: "group\(group).block\(block)")
      }
    }
    network.linear(network.globalAveragePool(x), outputs: classes, name: "fc")
    return network
  }
}
