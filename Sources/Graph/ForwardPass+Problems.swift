import Operators

/// The sizes of layers for the batch, as their operations take them.
extension ForwardPass {
  func linearProblem(_ node: Network.Node) -> LinearProblem {
    LinearProblem(
      batch: batch, inputs: network.shape(of: node.inputs[0]).channels,
      outputs: node.shape.channels)
  }

  func paddedShortcutProblem(_ node: Network.Node) -> PaddedShortcutProblem {
    guard case .paddedShortcut(let stride) = node.layer else {
      preconditionFailure("\(node.name) is no padded shortcut")
    }
    let from = network.shape(of: node.inputs[0])
    return PaddedShortcutProblem(
      batch: batch, inHeight: from.height, inWidth: from.width, inChannels: from.channels,
      outChannels: node.shape.channels, stride: stride)
  }

  func maxPoolProblem(_ node: Network.Node) -> MaxPoolProblem {
    guard case .maxPool(let kernel, let stride) = node.layer else {
      preconditionFailure("\(node.name) is no max pool")
    }
    let from = network.shape(of: node.inputs[0])
    return MaxPoolProblem(
      batch: batch, inHeight: from.height, inWidth: from.width, channels: from.channels,
      kernel: kernel, stride: stride, withWinners: mode == .training)
  }

  func convolutionShape(_ node: Network.Node) -> Conv2DShape {
    guard case .convolution(let kernel, let stride) = node.layer else {
      preconditionFailure("\(node.name) is no convolution")
    }
    let from = network.shape(of: node.inputs[0])
    return Conv2DShape(
      batch: batch, inHeight: from.height, inWidth: from.width, inChannels: from.channels,
      outChannels: node.shape.channels, kernel: kernel, stride: stride)
  }

  func batchNormRows(_ node: Network.Node) -> Int { batch * node.shape.height * node.shape.width }
}
