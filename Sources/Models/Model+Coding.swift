extension Model: Codable {
  private enum Family: String, Codable {
    case preactivationResNet = "preact-resnet"
    case resNet = "resnet"
    case imageNetResNet = "imagenet-resnet"
    case compared
  }

  private enum CodingKeys: CodingKey { case family, name }

  /// Reads a model that `encode(to:)` wrote, or a Wide ResNet; `checked` says whether it exists.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decodeIfPresent(Family.self, forKey: .family) {
    case nil: self = .wideResNet(try WideResNet(from: decoder))
    case .preactivationResNet:
      self = .preactivationResNet(try PreactivationResNet(from: decoder))
    case .resNet: self = .resNet(try ResNet(from: decoder))
    case .imageNetResNet: self = .imageNetResNet(try ImageNetResNet(from: decoder))
    case .compared: self = .compared(try container.decode(ComparedNetwork.self, forKey: .name))
    }
  }

  /// Writes the family's own members, or the name of a network that has none.
  public func encode(to encoder: any Encoder) throws {
    func encode(_ model: some Encodable, of family: Family) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(family, forKey: .family)
      try model.encode(to: encoder)
    }
    switch self {
    case .wideResNet(let model): try model.encode(to: encoder)
    case .preactivationResNet(let model): try encode(model, of: .preactivationResNet)
    case .resNet(let model): try encode(model, of: .resNet)
    case .imageNetResNet(let model): try encode(model, of: .imageNetResNet)
    case .compared(let model): try encode(["name": model.name], of: .compared)
    }
  }
}
