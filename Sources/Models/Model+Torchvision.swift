/// The names that torchvision, and timm, have for the same networks and their tensors.
extension Model {
  /// torchvision's names by ours; timm calls them the same.
  static let torchvisionNames = [
    "resnet-18": "resnet18", "resnet-34": "resnet34", "resnet-50": "resnet50",
    "resnet-101": "resnet101", "resnet-152": "resnet152",
    "wrn-50-2-bottleneck": "wide_resnet50_2", "wrn-101-2-bottleneck": "wide_resnet101_2",
  ]

  /// The name of torchvision's function that builds this network; nil where there is none.
  public var torchvisionName: String? { Model.torchvisionNames[name] }

  /// The name in a state dict of torchvision's ResNet of a tensor of this network: of
  /// "group0.block1.conv0.weight" it is "layer1.1.conv1.weight".
  ///
  /// Nil where torchvision's form has no such network.
  package func torchvisionName(ofTensor name: String) -> String? {
    guard case .imageNetResNet(let network) = self, network.block != .preactivation else {
      return nil
    }
    return name.split(separator: ".").map { part in
      func number(after prefix: String) -> Int? {
        part.hasPrefix(prefix) ? Int(part.dropFirst(prefix.count)) : nil
      }
      if part == "convdim" { return "downsample.0" }
      if part == "bndim" { return "downsample.1" }
      if let group = number(after: "group") { return "layer\(group + 1)" }
      if let block = number(after: "block") { return "\(block)" }
      if let convolution = number(after: "conv") { return "conv\(convolution + 1)" }
      if let normalization = number(after: "bn") { return "bn\(normalization + 1)" }
      return String(part)
    }.joined(separator: ".")
  }
}
