import Graph

/// A residual block of BN-ReLU-convolution for each of its convolutions, plus the shortcut.
struct PreactivationBlock {
  /// The kernel size and the output channels of each convolution.
  var convolutions: [(kernel: Int, channels: Int)]
  /// Whether BN-ReLU stands before the first convolution, too.
  var normalizesInput = true
  /// The convolution that has the stride.
  var strided = 0
  /// The stride of that convolution and of the projection.
  var stride: Int
  /// The probability of dropout before the last convolution.
  var dropout: Double
  /// Whether gamma starts as 1 instead of U(0, 1).
  var unitGamma: Bool

  /// Adds the block's layers, with names under `prefix`; the result is the sum.
  func append(
    to network: inout Network, _ x: Network.Value, prefix: String
  ) -> Network.Value {
    var shortcut = x
    var branch = x
    for (index, convolution) in convolutions.enumerated() {
      let last = index == convolutions.count - 1
      if index > 0 || normalizesInput {
        branch = network.batchNormReLU(
          branch, dropout: last ? dropout : 0, unitGamma: unitGamma, name: "\(prefix).bn\(index)")
      }
      if index == 0, let channels = convolutions.last?.channels,
        network.shape(of: x).channels != channels
      {
        // The first BN-ReLU feeds the branch and the projection.
        shortcut = network.convolution(
          branch, channels: channels, kernel: 1, stride: stride, name: "\(prefix).convdim")
      }
      branch = network.convolution(
        branch, channels: convolution.channels, kernel: convolution.kernel,
        stride: index == strided ? stride : 1, name: "\(prefix).conv\(index)")
    }
    return network.add(branch, shortcut, name: "\(prefix).add")
  }
}
