import Graph

/// A network without residual blocks that the paper's Table 5 compares Wide ResNets with.
///
/// Its sizes are those for images of 32x32; others are pooled as far as the layers go, and then
/// averaged. Filters start as those of Wide ResNets, with half the variance where no ReLU or ELU
/// follows; every convolution has a bias.
public enum ComparedNetwork: String, Hashable, Codable, Sendable, CaseIterable {
  /// Network in Network.
  case networkInNetwork = "nin"
  /// The deeply supervised Network in Network.
  case deeplySupervised = "dsn"
  /// A thin and deep FitNet, FitNet-4 of its paper.
  case fitNet19 = "fitnet-19"
  /// A Highway network of 19 layers.
  case highway19 = "highway-19"
  /// The network with ELUs of 11 convolutions.
  case elu11 = "elu-11"
  /// The larger network with ELUs, of 18 convolutions by its paper's count.
  case elu18 = "elu-18"

  /// The name, for example "nin".
  public var name: String { rawValue }

  /// The layers for images of a shape.
  public func network(image: ImageShape, classes: Int) -> Network {
    switch self {
    case .networkInNetwork: .networkInNetwork(image: image, classes: classes)
    case .deeplySupervised: .deeplySupervised(image: image, classes: classes)
    case .fitNet19: .fitNet19(image: image, classes: classes)
    case .highway19: .highway19(image: image, classes: classes)
    case .elu11: .elu(ELUStack.eleven, image: image, classes: classes)
    case .elu18: .elu(ELUStack.eighteen, image: image, classes: classes)
    }
  }
}

extension Network {
  /// The mean over all pixels, where there are several.
  mutating func averagedToOnePixel(_ x: Value) -> Value {
    let from = shape(of: x)
    return from.height * from.width == 1 ? x : globalAveragePool(x)
  }
}
