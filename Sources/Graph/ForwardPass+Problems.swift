import Operators

/// The sizes of layers for the batch, as their operations take them.
extension ForwardPass {
  func linearProblem(_ node: Network.Node) -> LinearProblem {
    LinearProblem(
      batch: batch, inputs: network.shape(of: node.inputs[0]).count,
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
    MaxPoolProblem(shape: poolShape(node), withWinners: mode == .training)
  }

  func poolShape(_ node: Network.Node) -> PoolShape {
    let window =
      switch node.layer {
      case .maxPool(let window), .averagePool(let window): window
      default: preconditionFailure("\(node.name) is no pool")
      }
    let from = network.shape(of: node.inputs[0])
    return PoolShape(
      batch: batch, inHeight: from.height, inWidth: from.width, channels: from.channels,
      window: window)
  }

  func globalAveragePoolProblem(_ node: Network.Node) -> GlobalAveragePoolProblem {
    let from = network.shape(of: node.inputs[0])
    return GlobalAveragePoolProblem(
      batch: batch, pixels: from.height * from.width, channels: from.channels)
  }

  func biasActivationProblem(_ node: Network.Node) -> BiasActivationProblem {
    guard case .biasActivation(let activation) = node.layer else {
      preconditionFailure("\(node.name) is no bias")
    }
    return BiasActivationProblem(
      rows: rows(node), channels: node.shape.channels, activation: activation.operation)
  }

  func maxoutProblem(_ node: Network.Node) -> MaxoutProblem {
    guard case .maxout(let pieces) = node.layer else {
      preconditionFailure("\(node.name) is no maxout")
    }
    return MaxoutProblem(
      rows: rows(node), pieces: pieces, channels: node.shape.channels,
      withWinners: mode == .training)
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

  /// Pixels of a layer's output in the whole batch.
  func rows(_ node: Network.Node) -> Int { batch * node.shape.height * node.shape.width }
}
