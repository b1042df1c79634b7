import Graph

extension Network {
  /// Network in Network (Lin et al., ICLR 2014), as the authors' Caffe model "Network in Network
  /// CIFAR10 Model" has it: gist.github.com/mavenlin/e56253735ef32c3c296d.
  ///
  /// Three groups of a 5x5 or 3x3 convolution and two 1x1 ones, each with ReLU; behind the first two
  /// groups a pool of 3x3 with stride 2, of maxima and of means, and dropout of 0.5; the logits are
  /// the means of the last convolution's maps. As in Caffe the pools' windows begin at the first
  /// pixel, and the last hang over the edge: 32 pixels give 16, then 8.
  static func networkInNetwork(image: ImageShape, classes: Int) -> Network {
    networkInNetwork(image: image, classes: classes, isDeeplySupervised: false)
  }

  /// A deeply supervised net (Lee et al., AISTATS 2015), as the authors' model has it:
  /// examples/best_augmented_cifar10_7.97 of github.com/s9xie/DSN.
  ///
  /// Network in Network with both pools of maxima, no ReLU before the logits, and a loss of its own
  /// behind each group's first convolution, of a linear layer of its whole map. Chosen here are the
  /// cross-entropy, which the authors took for CIFAR-100, in place of the squared hinge; a weight of
  /// 0.1 throughout, in place of one that fades; and to take the maps behind their ReLU.
  static func deeplySupervised(image: ImageShape, classes: Int) -> Network {
    networkInNetwork(image: image, classes: classes, isDeeplySupervised: true)
  }

  private static func networkInNetwork(
    image: ImageShape, classes: Int, isDeeplySupervised: Bool
  ) -> Network {
    var network = Network(image: image)
    var x = network.input
    let groups = [
      (kernel: 5, channels: [192, 160, 96]), (5, [192, 192, 192]), (3, [192, 192, classes]),
    ]
    for (group, (kernel, widths)) in groups.enumerated() {
      for (layer, channels) in widths.enumerated() {
        let isLast = group == groups.count - 1 && layer == widths.count - 1
        x = network.convolution(
          x, channels: channels, kernel: layer == 0 ? kernel : 1,
          activation: isLast && isDeeplySupervised ? .identity : .relu,
          name: layer == 0 ? "conv\(group + 1)" : "cccp\(2 * group + layer)")
        if layer == 0 && isDeeplySupervised {
          network.sideLoss(x, weight: 0.1, classes: classes, name: "side\(group + 1)")
        }
      }
      guard group < groups.count - 1 else { break }
      let pool = "pool\(group + 1)"
      x =
        group == 0 || isDeeplySupervised
        ? network.maxPool(x, kernel: 3, stride: 2, padding: 0, roundsUp: true, name: pool)
        : network.averagePool(x, kernel: 3, stride: 2, padding: 0, roundsUp: true, name: pool)
      x = network.dropout(x, rate: 0.5, name: "drop\(group + 1)")
    }
    _ = network.globalAveragePool(x, name: "pool\(groups.count)")
    return network
  }
}
