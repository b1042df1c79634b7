import Graph

/// A model of any family, with the choices that its name leaves open.
///
/// Its coded form is that of its family's type; others than Wide ResNets add a "family".
public enum Model: Hashable, Sendable {
  /// A Wide ResNet.
  case wideResNet(WideResNet)
  /// A pre-activation ResNet for small images.
  case preactivationResNet(PreactivationResNet)
  /// An original ResNet for small images.
  case resNet(ResNet)
  /// A ResNet of ImageNet's form, wide or not.
  case imageNetResNet(ImageNetResNet)
  /// A network without residual blocks.
  case compared(ComparedNetwork)

  /// The name, for example "wrn-28-10" or "preact-resnet-164".
  public var name: String {
    switch self {
    case .wideResNet(let model): model.name
    case .preactivationResNet(let model): model.name
    case .resNet(let model): model.name
    case .imageNetResNet(let model): model.name
    case .compared(let model): model.name
    }
  }

  /// Blocks in each group: three for small images, four for ImageNet; none of networks without
  /// residual blocks.
  public var blocksPerGroup: BlocksPerGroup {
    switch self {
    case .wideResNet(let model):
      BlocksPerGroup(Array(repeating: model.blocksPerGroup, count: 3))
    case .preactivationResNet(let model):
      BlocksPerGroup(Array(repeating: model.blocksPerGroup, count: 3))
    case .resNet(let model): BlocksPerGroup(Array(repeating: model.blocksPerGroup, count: 3))
    case .imageNetResNet(let model): BlocksPerGroup(model.blocks)
    case .compared: BlocksPerGroup([])
    }
  }

  /// The images that the papers train it on.
  public var usualImage: ImageShape {
    let edge = isForImageNet ? 224 : 32
    return ImageShape(height: edge, width: edge, channels: 3)
  }

  /// The classes that the papers train it on: 1000 of ImageNet, or 10.
  public var usualClasses: Int { isForImageNet ? 1000 : 10 }

  private var isForImageNet: Bool { if case .imageNetResNet = self { true } else { false } }

  /// The probability of dropout before each block's last convolution.
  ///
  /// Post-activation networks, those of ImageNet's form and those without blocks have none, and take
  /// no other value.
  public var dropout: Double {
    get {
      switch self {
      case .wideResNet(let model): model.dropout
      case .preactivationResNet(let model): model.dropout
      case .resNet, .imageNetResNet, .compared: 0
      }
    }
    set {
      switch self {
      case .wideResNet(var model):
        model.dropout = newValue
        self = .wideResNet(model)
      case .preactivationResNet(var model):
        model.dropout = newValue
        self = .preactivationResNet(model)
      case .resNet, .imageNetResNet, .compared:
        precondition(newValue == 0, "\(name) has no dropout")
      }
    }
  }

  /// Whether gamma starts as 1 instead of U(0, 1); false, whatever is set, of networks without batch
  /// normalisation.
  public var unitGamma: Bool {
    get {
      switch self {
      case .wideResNet(let model): model.unitGamma
      case .preactivationResNet(let model): model.unitGamma
      case .resNet(let model): model.unitGamma
      case .imageNetResNet(let model): model.unitGamma
      case .compared: false
      }
    }
    set {
      switch self {
      case .wideResNet(var model):
        model.unitGamma = newValue
        self = .wideResNet(model)
      case .preactivationResNet(var model):
        model.unitGamma = newValue
        self = .preactivationResNet(model)
      case .resNet(var model):
        model.unitGamma = newValue
        self = .resNet(model)
      case .imageNetResNet(var model):
        model.unitGamma = newValue
        self = .imageNetResNet(model)
      case .compared: break
      }
    }
  }

  /// The layers for images of a shape.
  public func network(image: ImageShape, classes: Int) -> Network {
    switch self {
    case .wideResNet(let model): model.network(image: image, classes: classes)
    case .preactivationResNet(let model): model.network(image: image, classes: classes)
    case .resNet(let model): model.network(image: image, classes: classes)
    case .imageNetResNet(let model): model.network(image: image, classes: classes)
    case .compared(let model): model.network(image: image, classes: classes)
    }
  }

  /// The same model through the checks of its initialiser: a file may say anything.
  public func checked() throws(ModelError) -> Model {
    switch self {
    case .wideResNet(let model):
      .wideResNet(
        try WideResNet(
          depth: model.depth, width: model.width, blockKernels: model.blockKernels,
          dropout: model.dropout, blocksPerGroup: model.blocksPerGroup,
          unitGamma: model.unitGamma))
    case .preactivationResNet(let model):
      .preactivationResNet(
        try PreactivationResNet(
          depth: model.depth, hasBottlenecks: model.hasBottlenecks, dropout: model.dropout,
          unitGamma: model.unitGamma))
    case .resNet(let model):
      .resNet(
        try ResNet(
          depth: model.depth, survival: model.survival, unitGamma: model.unitGamma))
    case .imageNetResNet(let model):
      .imageNetResNet(
        try ImageNetResNet(
          block: model.block, blocks: model.blocks, width: model.width,
          unitGamma: model.unitGamma))
    case .compared: self
    }
  }
}
