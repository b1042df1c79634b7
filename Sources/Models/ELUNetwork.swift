import Graph

/// Convolutions of a network with ELUs, the rate of dropout behind the last, then a 2x2 max pool.
struct ELUStack {
  /// Channels and kernel size of each convolution.
  var convolutions: [(channels: Int, kernel: Int)]
  var dropout = 0.0

  /// Section 4.2's network.
  static let eleven = [
    ELUStack(convolutions: [(192, 5)]),
    ELUStack(convolutions: [(192, 1), (240, 3)], dropout: 0.1),
    ELUStack(convolutions: [(240, 1), (260, 2)], dropout: 0.2),
    ELUStack(convolutions: [(260, 1), (280, 2)], dropout: 0.3),
    ELUStack(convolutions: [(280, 1), (300, 2)], dropout: 0.4),
    ELUStack(convolutions: [(300, 1)], dropout: 0.5),
  ]

  /// Section 4.3's network.
  static let eighteen = [
    ELUStack(convolutions: [(384, 3)]),
    ELUStack(convolutions: [(384, 1), (384, 2), (640, 2), (640, 2)], dropout: 0.1),
    ELUStack(convolutions: [(640, 1), (768, 2), (768, 2), (768, 2)], dropout: 0.2),
    ELUStack(convolutions: [(768, 1), (896, 2), (896, 2)], dropout: 0.3),
    ELUStack(convolutions: [(896, 3), (1024, 2), (1024, 2)], dropout: 0.4),
    ELUStack(convolutions: [(1024, 1), (1152, 2)], dropout: 0.5),
    ELUStack(convolutions: [(1152, 1)]),
  ]
}

extension Network {
  /// A network with ELUs (Clevert et al., ICLR 2016), as sections 4.2 and 4.3 of arXiv:1511.07289
  /// list its stacks, with one more 1x1 convolution for the logits.
  ///
  /// What the paper leaves open is chosen here: convolutions keep the image's size, 2x2 ones look one
  /// pixel ahead; the logits have no activation; the larger network, for whose 8 stacks the paper
  /// gives 7 rates of dropout, has none in its last two, and its dropout does not grow at the end.
  static func elu(_ stacks: [ELUStack], image: ImageShape, classes: Int) -> Network {
    var network = Network(image: image)
    var x = network.input
    for (number, stack) in stacks.enumerated() {
      for (layer, convolution) in stack.convolutions.enumerated() {
        x = network.convolution(
          x, channels: convolution.channels, kernel: convolution.kernel, activation: .elu,
          name: "stack\(number).conv\(layer)")
      }
      let shape = network.shape(of: x)
      if shape.height * shape.width > 1 {
        x = network.maxPool(
          x, kernel: 2, stride: 2, padding: 0, roundsUp: true, name: "stack\(number).pool")
      }
      x = network.dropout(x, rate: stack.dropout, name: "stack\(number).drop")
    }
    x = network.convolution(
      x, channels: classes, kernel: 1, activation: .identity, name: "stack\(stacks.count).conv0")
    _ = network.averagedToOnePixel(x)
    return network
  }
}
