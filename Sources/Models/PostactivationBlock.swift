import Graph

/// A residual block of convolution-BN-ReLU for each of its convolutions, whose last ReLU stands
/// behind the sum with the shortcut (He et al., CVPR 2016).
struct PostactivationBlock {
  /// How the shortcut gets to other sizes.
  enum Shortcut {
    /// By leaving out pixels and adding channels of zeros.
    case padded
    /// By a 1x1 convolution and BN.
    case projected
  }

  /// The kernel size and the output channels of each convolution.
  var convolutions: [(kernel: Int, channels: Int)]
  /// The convolution that has the stride.
  var strided = 0
  /// The stride of that convolution and of the shortcut.
  var stride: Int
  var shortcut: Shortcut
  /// The probability that the convolutions take part in a training step.
  var survival = 1.0
  /// Whether gamma starts as 1 instead of U(0, 1).
  var unitGamma: Bool

  /// Adds the block's layers, with names under `prefix`; the result is the ReLU of the sum.
  func append(
    to network: inout Network, _ x: Network.Value, prefix: String
  ) -> Network.Value {
    let branch = network.branch(survival: survival) { appendBranch(to: &$0, x, prefix: prefix) }
    // Behind the branch, so that the branch's first convolution adds up both gradients.
    let shortcut = sized(x, as: network.shape(of: branch), in: &network, prefix: prefix)
    return network.addReLU(branch, shortcut, name: "\(prefix).add")
  }

  private func appendBranch(
    to network: inout Network, _ x: Network.Value, prefix: String
  ) -> Network.Value {
    var branch = x
    for (index, convolution) in convolutions.enumerated() {
      branch = network.convolution(
        branch, channels: convolution.channels, kernel: convolution.kernel,
        stride: index == strided ? stride : 1, name: "\(prefix).conv\(index)")
      let name = "\(prefix).bn\(index)"
      branch =
        index == convolutions.count - 1
        ? network.batchNorm(branch, unitGamma: unitGamma, name: name)
        : network.batchNormReLU(branch, unitGamma: unitGamma, name: name)
    }
    return branch
  }

  private func sized(
    _ x: Network.Value, as shape: ImageShape, in network: inout Network, prefix: String
  ) -> Network.Value {
    if stride == 1 && network.shape(of: x).channels == shape.channels { return x }
    switch shortcut {
    case .padded:
      return network.paddedShortcut(
        x, channels: shape.channels, stride: stride, name: "\(prefix).pad")
    case .projected:
      return network.batchNorm(
        network.convolution(
          x, channels: shape.channels, kernel: 1, stride: stride, name: "\(prefix).convdim"),
        unitGamma: unitGamma, name: "\(prefix).bndim")
    }
  }
}
