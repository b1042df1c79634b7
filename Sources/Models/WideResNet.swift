import Graph

/// How a Wide ResNet's depth gives its blocks per group.
public enum DepthRule: String, Codable, Sendable, CaseIterable {
  /// depth = 6·N + 4 for every block type, as in the paper's Table 2.
  case sixNPlusFour = "6n+4"
  /// depth = 3·l·N + 4 with l convolutions in a block, as in the paper's Table 3.
  case threeLNPlusFour = "3ln+4"
}

/// A Wide Residual Network, WRN-depth-width with blocks B(M) (Zagoruyko & Komodakis, BMVC 2016).
public struct WideResNet: Hashable, Codable, Sendable {
  /// The depth n of the name; the projections and the linear layer are not counted.
  public var depth: Int
  /// The widening factor k.
  public var width: Int
  /// The kernel sizes of a block's convolutions, for example [3, 3].
  public var blockKernels: [Int]
  /// Blocks in each of the three groups.
  public var blocksPerGroup: Int
  /// The probability of dropout before each block's last convolution.
  public var dropout: Double
  /// Whether gamma starts as 1 instead of U(0, 1).
  public var unitGamma: Bool

  /// WRN-`depth`-`width`; throws `ModelError` where the depth fits no whole number of blocks.
  ///
  /// `blocksPerGroup` overrides the rule.
  public init(
    depth: Int, width: Int, blockKernels: [Int] = [3, 3], dropout: Double = 0,
    depthRule: DepthRule = .sixNPlusFour, blocksPerGroup: Int? = nil, unitGamma: Bool = false
  ) throws(ModelError) {
    let name = WideResNet.name(depth: depth, width: width, blockKernels: blockKernels)
    guard (1...10_000).contains(depth), (1...1000).contains(width) else {
      throw ModelError(
        what: "model \(name)", why: "depth or width out of range",
        whatToDo: "give a depth up to 10000 and a width up to 1000, as in wrn-28-10")
    }
    guard !blockKernels.isEmpty, blockKernels.count <= 8,
      blockKernels.allSatisfy({ [1, 3, 5, 7].contains($0) })
    else {
      throw ModelError(
        what: "model \(name)", why: "a block has 1 to 8 convolutions of size 1, 3, 5 or 7",
        whatToDo: "write for example b(3,1,3)")
    }
    guard dropout >= 0 && dropout < 1 else { throw .dropout(dropout) }
    if let blocksPerGroup {
      guard (1...1000).contains(blocksPerGroup) else {
        throw ModelError(
          what: "\(blocksPerGroup) blocks per group", why: "out of range",
          whatToDo: "give 1 to 1000")
      }
      self.blocksPerGroup = blocksPerGroup
    } else {
      let step = depthRule == .sixNPlusFour ? 6 : 3 * blockKernels.count
      guard depth > 4, (depth - 4).isMultiple(of: step) else {
        let rule = depthRule == .sixNPlusFour ? "6n+4" : "\(step)n+4"
        let near = max(0, (depth - 4) / step) * step + 4
        let choices = near > 4 ? "\(near) or \(near + step)" : "\(near + step)"
        throw ModelError(
          what: "model \(name)", why: "its depth must be \(rule)",
          whatToDo: "try depth \(choices), another --depth-rule or --blocks-per-group")
      }
      self.blocksPerGroup = (depth - 4) / step
    }
    self.depth = depth
    self.width = width
    self.blockKernels = blockKernels
    self.dropout = dropout
    self.unitGamma = unitGamma
  }

  /// The name, for example "wrn-28-10" or "wrn-40-2-b(1,3,1)".
  public var name: String {
    WideResNet.name(depth: depth, width: width, blockKernels: blockKernels)
  }

  static func name(depth: Int, width: Int, blockKernels: [Int]) -> String {
    let block = blockKernels.map(String.init).joined(separator: ",")
    // Without a block, wrn-18-2 and wrn-34-2 are ImageNet's.
    let isPlain = blockKernels == [3, 3] && ImageNetResNet.block(ofDepth: depth) != .basic
    return "wrn-\(depth)-\(width)" + (isPlain ? "" : "-b(\(block))")
  }

  /// The layers for images of a shape; parameter names are those of the authors' PyTorch port.
  public func network(image: ImageShape, classes: Int) -> Network {
    var network = Network(image: image)
    var x = network.convolution(network.input, channels: 16, kernel: 3, name: "conv0")
    for (group, base) in [16, 32, 64].enumerated() {
      for block in 0..<blocksPerGroup {
        x = PreactivationBlock(
          convolutions: blockKernels.map { (kernel: $0, channels: base * width) },
          stride: group > 0 && block == 0 ? 2 : 1, dropout: dropout, unitGamma: unitGamma
        ).append(to: &network, x, prefix: "group\(group).block\(block)")
      }
    }
    x = network.batchNormReLU(x, unitGamma: unitGamma, name: "bn")
    network.linear(network.globalAveragePool(x), outputs: classes, name: "fc")
    return network
  }
}
