import Graph

extension Network {
  /// Network in Network (Lin et al., ICLR 2014), as the authors' Caffe model "Network in Network
  /// CIFAR10 Model" has it: gist.github.com/mavenlin/e56253735ef32c3c296d.
  ///
  /// Three groups of a 5x5 or 3x3 convolution and two 1x1 ones, each with ReLU; behind the first two
  /// groups a pool of 3x3 with stride 2 and dropout of 0.5; the logits are the means of the last
  /// convolution's maps. As in Caffe the pools' windows begin at the first pixel, and the last hang
  /// over the edge: 32 pixels give 16, then 8.
  static func networkInNetwork(image: ImageShape, classes: Int) -> Network {
    var network = Network(image: image)
    var x = network.input
    let groups = [
      (kernel: 5, channels: [192, 160, 96]), (5, [192, 192, 192]), (3, [192, 192, classes]),
    ]
    for (group, (kernel, widths)) in groups.enumerated() {
      for (layer, channels) in widths.enumerated() {
        x = network.convolution(
          x, channels: channels, kernel: layer == 0 ? kernel : 1, activation: .relu,
          name: layer == 0 ? "conv\(group + 1)" : "cccp\(2 * group + layer)")
      }
      switch group {
      case 0:
        x = network.maxPool(
          x, kernel: 3, stride: 2, padding: 0, roundsUp: true, name: "pool1")
        x = network.dropout(x, rate: 0.5, name: "drop1")
      case 1:
        x = network.averagePool(
          x, kernel: 3, stride: 2, padding: 0, roundsUp: true, name: "pool2")
        x = network.dropout(x, rate: 0.5, name: "drop2")
      default: x = network.globalAveragePool(x, name: "pool3")
      }
    }
    return network
  }
}
