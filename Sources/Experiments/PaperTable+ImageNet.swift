extension PaperTable {
  private static func imageNet(
    _ title: String, _ model: String, _ error: Double, parameters: Int? = nil
  ) -> Row {
    Row(title, model, ["imagenet": error], parameters: parameters, isImageNet: true)
  }

  /// Width of networks without bottlenecks on ImageNet.
  package static let table7 = PaperTable(
    "table7", "width on ImageNet", runs: 1,
    rows: [
      imageNet("WRN-18-1", "resnet-18", 30.4, parameters: 11_689_512),
      imageNet("WRN-18-1.5", "wrn-18-1.5", 27.06, parameters: 25_875_816),
      imageNet("WRN-18-2", "wrn-18-2", 25.58, parameters: 45_618_216),
      imageNet("WRN-18-3", "wrn-18-3", 24.06, parameters: 101_783_976),
      imageNet("WRN-34-1", "resnet-34", 26.77, parameters: 21_797_672),
      imageNet("WRN-34-1.5", "wrn-34-1.5", 24.5, parameters: 48_613_608),
      imageNet("WRN-34-2", "wrn-34-2", 23.39, parameters: 86_036_008),
    ])

  /// Networks with bottlenecks on ImageNet.
  package static let table8 = PaperTable(
    "table8", "bottlenecks on ImageNet", runs: 1,
    rows: [
      imageNet("ResNet-50", "resnet-50", 24.01, parameters: 25_557_032),
      imageNet("ResNet-101", "resnet-101", 22.44, parameters: 44_549_160),
      imageNet("ResNet-152", "resnet-152", 22.16, parameters: 60_192_808),
      imageNet("WRN-50-2-bottleneck", "wrn-50-2-bottleneck", 21.9, parameters: 68_883_240),
      imageNet("pre-activation ResNet-200", "preact-resnet-200", 21.66, parameters: 64_666_152),
    ])

  /// The best results, single runs.
  package static let table9 = PaperTable(
    "table9", "best results", runs: 1,
    rows: [
      Row(
        "WRN-40-10 dropout", "wrn-40-10", ["cifar10": 3.8, "cifar100": 18.3], dropout: true,
        parameters: 55_841_754),
      Row("WRN-16-8 dropout", "wrn-16-8", ["svhn": 1.54], dropout: true, parameters: 10_961_370),
      imageNet("WRN-50-2-bottleneck", "wrn-50-2-bottleneck", 21.9, parameters: 68_883_240),
      Row("COCO detection, WRN-34-2", nil, [:], isImageNet: true),
    ])
}
