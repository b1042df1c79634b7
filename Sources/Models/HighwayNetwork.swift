import Graph

extension Network {
  /// A Highway network of 19 layers (Srivastava et al., NIPS 2015), as the authors' Caffe model has
  /// it: examples/highways/cifar10-19layers of github.com/flukeskywalker/highway-networks.
  ///
  /// Three groups of 3x3 convolutions, 5 with 32 channels, 6 with 80 and 6 with 128, each with ReLU.
  /// The first of a group is plain; the others are gated, with a sigmoid gate of a convolution of
  /// its own whose bias starts as -2. Dropout of 0.2 stands before each group and before the linear
  /// layer, 2x2 max pools between the groups. A 1x1 convolution with 100 channels is averaged over
  /// all pixels.
  static func highway19(image: ImageShape, classes: Int) -> Network {
    var network = Network(image: image)
    var x = network.input
    for (group, (layers, channels)) in [(5, 32), (6, 80), (6, 128)].enumerated() {
      if group > 0 {
        x = network.maxPool(
          x, kernel: 2, stride: 2, padding: 0, roundsUp: true, name: "group\(group).pool")
      }
      x = network.dropout(x, rate: 0.2, name: "group\(group).drop")
      for layer in 0..<layers {
        let name = "group\(group).conv\(layer)"
        let h = network.convolution(
          x, channels: channels, kernel: 3, activation: .relu, name: name)
        guard layer > 0 else {
          x = h
          continue
        }
        let t = network.convolution(
          x, channels: channels, kernel: 3, activation: .sigmoid, biasStart: -2,
          name: "group\(group).gate\(layer)")
        x = network.gate(h, t, x, name: "group\(group).highway\(layer)")
      }
    }
    x = network.convolution(x, channels: 100, kernel: 1, activation: .relu, name: "conv")
    x = network.dropout(network.globalAveragePool(x), rate: 0.2, name: "drop")
    network.linear(x, outputs: classes, name: "fc")
    return network
  }
}
