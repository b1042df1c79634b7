import Graph

/// A ResNet of ImageNet's form: a 7x7 convolution with stride 2 and a max pool, then groups of
/// blocks with 64, 128, 256 and 512 channels, each group on maps of half the size.
///
/// With basic blocks `width` widens every block; with bottlenecks, whose outputs have four times
/// the channels, only their inner convolutions, as in the paper's WRN-50-2-bottleneck. The stride is
/// that of a block's first 3x3 convolution, and a projection leads where sizes change.
public struct ImageNetResNet: Hashable, Codable, Sendable {
  /// What the groups are made of.
  public enum Block: String, Codable, Sendable {
    /// Two 3x3 convolutions, ReLU behind the sum.
    case basic
    /// 1x1, 3x3 and 1x1 convolutions, ReLU behind the sum.
    case bottleneck
    /// The same with BN-ReLU before each convolution.
    case preactivation
  }

  /// The blocks' form.
  public var block: Block
  /// Blocks in each group.
  public var blocks: [Int]
  /// The widening factor.
  public var width: Double
  /// Whether gamma starts as 1 instead of U(0, 1).
  public var unitGamma: Bool

  private static let forms: [(depth: Int, block: Block, blocks: [Int])] = [
    (18, .basic, [2, 2, 2, 2]), (34, .basic, [3, 4, 6, 3]), (50, .bottleneck, [3, 4, 6, 3]),
    (101, .bottleneck, [3, 4, 23, 3]), (152, .bottleneck, [3, 8, 36, 3]),
    (200, .preactivation, [3, 24, 36, 3]),
  ]

  /// The depths of post-activation networks: 18, 34, 50, 101 and 152.
  static let depths = forms.filter { $0.block != .preactivation }.map(\.depth)

  /// The form that a depth means in the papers; nil where it means none.
  static func block(ofDepth depth: Int) -> Block? { forms.first { $0.depth == depth }?.block }

  /// The paper's network of a depth, 200 being a pre-activation one; throws `ModelError` for a depth
  /// that means none, or a width that gives no whole number of channels.
  public init(depth: Int, width: Double = 1, unitGamma: Bool = false) throws(ModelError) {
    guard let form = ImageNetResNet.forms.first(where: { $0.depth == depth }) else {
      throw ModelError(
        what: "a ResNet of depth \(depth) for ImageNet", why: "there is no such form",
        whatToDo: "choose \(ImageNetResNet.forms.map { "\($0.depth)" }.joined(separator: ", "))")
    }
    try self.init(block: form.block, blocks: form.blocks, width: width, unitGamma: unitGamma)
  }

  /// A network of any number of groups; throws `ModelError` as the other initialiser.
  public init(
    block: Block, blocks: [Int], width: Double = 1, unitGamma: Bool = false
  ) throws(ModelError) {
    guard (1...5).contains(blocks.count), blocks.allSatisfy({ (1...1000).contains($0) }) else {
      throw ModelError(
        what: "blocks \(blocks)", why: "a network has 1 to 5 groups of 1 to 1000 blocks",
        whatToDo: "give for example [2, 2, 2, 2]")
    }
    guard width > 0, width <= 32, (64 * width).rounded() == 64 * width,
      block != .preactivation || width == 1
    else {
      throw ModelError(
        what: "width \(width)", why: "it gives no whole number of channels, or is above 32",
        whatToDo: "give for example 1.5 or 2; pre-activation networks have 1")
    }
    self.block = block
    self.blocks = blocks
    self.width = width
    self.unitGamma = unitGamma
  }

  /// Convolutions and the linear layer, projections not counted.
  public var depth: Int { blocks.reduce(0, +) * (block == .basic ? 2 : 3) + 2 }

  /// The name: "resnet-50", "wrn-18-1.5", "wrn-50-2-bottleneck" or "preact-resnet-200".
  public var name: String {
    if block == .preactivation { return "preact-resnet-\(depth)" }
    if width == 1 { return "resnet-\(depth)" }
    let factor = width == width.rounded() ? "\(Int(width))" : "\(width)"
    return "wrn-\(depth)-\(factor)" + (block == .bottleneck ? "-bottleneck" : "")
  }

  /// The layers for images of a shape; parameters are named as those of Wide ResNets.
  public func network(image: ImageShape, classes: Int) -> Network {
    var network = Network(image: image)
    var x = network.convolution(
      network.input, channels: 64, kernel: 7, stride: 2, name: "conv0")
    x = network.maxPool(network.batchNormReLU(x, unitGamma: unitGamma, name: "bn0"))
    for (group, count) in blocks.enumerated() {
      for block in 0..<count {
        x = append(
          to: &network, x, group: group, isFirst: block == 0,
          prefix: "group\(group).block\(block)")
      }
    }
    if block == .preactivation {
      x = network.batchNormReLU(x, unitGamma: unitGamma, name: "bn")
    }
    network.linear(network.globalAveragePool(x), outputs: classes, name: "fc")
    return network
  }

  private func append(
    to network: inout Network, _ x: Network.Value, group: Int, isFirst: Bool, prefix: String
  ) -> Network.Value {
    let base = 64 << group
    let inner = Int((Double(base) * width).rounded())
    let stride = group > 0 && isFirst ? 2 : 1
    switch block {
    case .basic:
      return PostactivationBlock(
        convolutions: [(kernel: 3, channels: inner), (3, inner)], stride: stride,
        shortcut: .projected, unitGamma: unitGamma
      ).append(to: &network, x, prefix: prefix)
    case .bottleneck:
      return PostactivationBlock(
        convolutions: [(kernel: 1, channels: inner), (3, inner), (1, 4 * base)], strided: 1,
        stride: stride, shortcut: .projected, unitGamma: unitGamma
      ).append(to: &network, x, prefix: prefix)
    case .preactivation:
      // What the max pool gives has gone through BN and ReLU.
      return PreactivationBlock(
        convolutions: [(kernel: 1, channels: inner), (3, inner), (1, 4 * base)],
        normalizesInput: group > 0 || !isFirst, strided: 1, stride: stride, dropout: 0,
        unitGamma: unitGamma
      ).append(to: &network, x, prefix: prefix)
    }
  }
}
