import Graph

/// A model of any family, with the choices that its name leaves open.
///
/// Its coded form is that of its family's type; others than Wide ResNets add a "family".
public enum Model: Hashable, Sendable {
  /// A Wide ResNet.
  case wideResNet(WideResNet)
  /// A pre-activation ResNet for small images.
  case preactivationResNet(PreactivationResNet)

  /// The name, for example "wrn-28-10" or "preact-resnet-164".
  public var name: String {
    switch self {
    case .wideResNet(let model): model.name
    case .preactivationResNet(let model): model.name
    }
  }

  /// Blocks in each of the three groups.
  public var blocksPerGroup: Int {
    switch self {
    case .wideResNet(let model): model.blocksPerGroup
    case .preactivationResNet(let model): model.blocksPerGroup
    }
  }

  /// The probability of dropout before each block's last convolution.
  public var dropout: Double {
    get {
      switch self {
      case .wideResNet(let model): model.dropout
      case .preactivationResNet(let model): model.dropout
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
      }
    }
  }

  /// Whether gamma starts as 1 instead of U(0, 1).
  public var unitGamma: Bool {
    get {
      switch self {
      case .wideResNet(let model): model.unitGamma
      case .preactivationResNet(let model): model.unitGamma
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
      }
    }
  }

  /// The layers for images of a shape.
  public func network(image: ImageShape, classes: Int) -> Network {
    switch self {
    case .wideResNet(let model): model.network(image: image, classes: classes)
    case .preactivationResNet(let model): model.network(image: image, classes: classes)
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
    }
  }
}

extension Model: Codable {
  private enum Family: String, Codable { case preactivationResNet = "preact-resnet" }

  private enum CodingKeys: CodingKey { case family }

  /// Reads a model that `encode(to:)` wrote, or a Wide ResNet; `checked` says whether it exists.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decodeIfPresent(Family.self, forKey: .family) {
    case nil: self = .wideResNet(try WideResNet(from: decoder))
    case .preactivationResNet:
      self = .preactivationResNet(try PreactivationResNet(from: decoder))
    }
  }

  /// Writes the family's own members.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .wideResNet(let model): try model.encode(to: encoder)
    case .preactivationResNet(let model):
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(Family.preactivationResNet, forKey: .family)
      try model.encode(to: encoder)
    }
  }
}
