import Models

extension PaperTable {
  private static func errors(_ cifar10: Double?, _ cifar100: Double?) -> [String: Double] {
    var result: [String: Double] = [:]
    result["cifar10"] = cifar10
    result["cifar100"] = cifar100
    return result
  }

  /// The form of a block, at about the same number of parameters.
  package static let table2 = PaperTable(
    "table2", "block types, k = 2", normalization: "zca",
    rows: [
      Row("WRN-40-2 B(1,3,1)", "wrn-40-2-b(1,3,1)", ["cifar10": 6.06], parameters: 1_429_082),
      Row("WRN-40-2 B(3,1)", "wrn-40-2-b(3,1)", ["cifar10": 5.78], parameters: 1_211_354),
      Row("WRN-40-2 B(1,3)", "wrn-40-2-b(1,3)", ["cifar10": 6.42], parameters: 1_297_370),
      Row("WRN-40-2 B(3,1,1)", "wrn-40-2-b(3,1,1)", ["cifar10": 5.86], parameters: 1_343_066),
      Row("WRN-28-2 B(3,3)", "wrn-28-2", ["cifar10": 5.73], parameters: 1_467_610),
      Row("WRN-22-2 B(3,1,3)", "wrn-22-2-b(3,1,3)", ["cifar10": 5.78], parameters: 1_145_498),
    ])

  /// The number l of convolutions in a block, at the same depth and number of parameters.
  package static let table3 = PaperTable(
    "table3", "convolutions in a block, WRN-40-2", normalization: "zca",
    rows: zip(["3", "3,3", "3,3,3", "3,3,3,3"], [6.69, 5.43, 5.65, 5.93]).enumerated().map {
      Row(
        "l = \($0.offset + 1)", "wrn-40-2-b(\($0.element.0))", ["cifar10": $0.element.1],
        depthRule: .threeLNPlusFour, parameters: 2_243_546)
    })

  /// Depth against width.
  package static let table4 = PaperTable(
    "table4", "depth and width", normalization: "zca",
    rows: [
      Row("WRN-40-1", "wrn-40-1", errors(6.85, 30.89), parameters: 563_930),
      Row("WRN-40-2", "wrn-40-2", errors(5.33, 26.04), parameters: 2_243_546),
      Row("WRN-40-4", "wrn-40-4", errors(4.97, 22.89), parameters: 8_949_210),
      Row("WRN-40-8", "wrn-40-8", errors(4.66, nil), parameters: 35_748_314),
      Row("WRN-28-10", "wrn-28-10", errors(4.17, 20.50), parameters: 36_479_194),
      Row("WRN-28-12", "wrn-28-12", errors(4.33, 20.43), parameters: 52_517_850),
      Row("WRN-22-8", "wrn-22-8", errors(4.38, 21.22), parameters: 17_158_106),
      Row("WRN-22-10", "wrn-22-10", errors(4.44, 20.75), parameters: 26_797_914),
      Row("WRN-16-8", "wrn-16-8", errors(4.81, 22.07), parameters: 10_961_370),
      Row("WRN-16-10", "wrn-16-10", errors(4.56, 21.59), parameters: 17_116_634),
    ])

  /// Wide networks and the methods of their time.
  package static let table5 = PaperTable(
    "table5", "comparison with other methods",
    rows: [
      Row("NIN", "nin", errors(8.81, 35.67)),
      Row("DSN", "dsn", errors(8.22, 34.57)),
      Row("FitNet", "fitnet-19", errors(8.39, 35.04)),
      Row("Highway", "highway-19", errors(7.72, 32.39)),
      Row("ELU", "elu-18", errors(6.55, 24.28)),
      Row("original ResNet-110", "resnet-110", errors(6.43, 25.16), parameters: 1_727_962),
      Row("original ResNet-1202", "resnet-1202", errors(7.93, 27.82), parameters: 19_421_274),
      Row("stochastic depth 110", "stochastic-depth-110", errors(5.23, 24.58)),
      Row("stochastic depth 1202", "stochastic-depth-1202", errors(4.91, nil)),
      Row("pre-activation ResNet-110", "preact-resnet-110", errors(6.37, nil)),
      Row(
        "pre-activation ResNet-164", "preact-resnet-164", errors(5.46, 24.33),
        parameters: 1_703_258),
      Row("pre-activation ResNet-1001", "preact-resnet-1001", errors(4.92, 22.71)),
      Row("WRN-40-4", "wrn-40-4", errors(4.53, 21.18), parameters: 8_949_210),
      Row("WRN-16-8", "wrn-16-8", errors(4.27, 20.43), parameters: 10_961_370),
      Row("WRN-28-10", "wrn-28-10", errors(4.00, 19.25), parameters: 36_479_194),
    ])

  /// Dropout inside the blocks.
  package static let table6 = PaperTable(
    "table6", "dropout",
    rows: [
      Row(
        "WRN-16-4", "wrn-16-4", ["cifar10": 5.02, "cifar100": 24.03, "svhn": 1.85],
        parameters: 2_748_890),
      Row(
        "WRN-16-4 dropout", "wrn-16-4", ["cifar10": 5.24, "cifar100": 23.91, "svhn": 1.64],
        dropout: true, parameters: 2_748_890),
      Row("WRN-28-10", "wrn-28-10", errors(4.00, 19.25), parameters: 36_479_194),
      Row(
        "WRN-28-10 dropout", "wrn-28-10", errors(3.89, 18.85), dropout: true,
        parameters: 36_479_194),
      Row(
        "WRN-52-1", "wrn-52-1", ["cifar10": 6.43, "cifar100": 29.89, "svhn": 2.08],
        parameters: 758_362),
      Row(
        "WRN-52-1 dropout", "wrn-52-1", ["cifar10": 6.28, "cifar100": 29.78, "svhn": 1.70],
        dropout: true, parameters: 758_362),
    ])

  /// Training curves of a thin and a wide network.
  package static let figure2 = PaperTable(
    "figure2", "training curves, thin and wide", runs: 1,
    rows: [
      Row(
        "pre-activation ResNet-164", "preact-resnet-164", errors(5.46, 24.33),
        parameters: 1_703_258),
      Row("WRN-28-10", "wrn-28-10", errors(4.00, 19.25), parameters: 36_479_194),
    ])

  /// Training curves on SVHN: thin and wide, without dropout and with it.
  package static let figure3 = PaperTable(
    "figure3", "training curves, thin and wide, dropout", runs: 1,
    rows: [
      Row("WRN-52-1", "wrn-52-1", ["svhn": 2.08], parameters: 758_362),
      Row("WRN-16-4", "wrn-16-4", ["svhn": 1.85], parameters: 2_748_890),
      Row("WRN-16-4 dropout", "wrn-16-4", ["svhn": 1.64], dropout: true, parameters: 2_748_890),
    ])
}
