import Graph

extension Network {
  /// The FitNet of 19 layers (Romero et al., ICLR 2015, FitNet-4), as the authors' model has it:
  /// yaml/cifar10_fitnet19_all.yaml of github.com/adri-romsor/FitNets, without its teacher.
  ///
  /// Three groups of 3x3 convolutions: 3 with 32 channels and 2 with 48, 6 with 80, and 6 with 128,
  /// each the maximum of two pieces; max pools of 2x2 behind the first two groups and of 8x8 behind
  /// the last; a linear layer with 500 maxima of five pieces; the linear layer of the logits.
  static func fitNet19(image: ImageShape, classes: Int) -> Network {
    var network = Network(image: image)
    var x = network.input
    let groups = [
      [32, 32, 32, 48, 48], [Int](repeating: 80, count: 6), [Int](repeating: 128, count: 6),
    ]
    for (group, widths) in groups.enumerated() {
      for (layer, channels) in widths.enumerated() {
        let name = "group\(group).conv\(layer)"
        x = network.convolution(
          x, channels: 2 * channels, kernel: 3, activation: .identity, name: name)
        x = network.maxout(x, pieces: 2, name: "\(name).maxout")
      }
      let edge = group < 2 ? 2 : 8
      x = network.maxPool(
        x, kernel: edge, stride: edge, padding: 0, roundsUp: true, name: "group\(group).pool")
    }
    x = network.linear(network.averagedToOnePixel(x), outputs: 5 * 500, name: "fc0")
    network.linear(network.maxout(x, pieces: 5, name: "fc0.maxout"), outputs: classes, name: "fc")
    return network
  }
}
