import Spelling

/// A model by its name, for example "wrn-28-10", "wrn-22-2-b(3,1,3)", "resnet-110" or
/// "wrn-50-2-bottleneck".
public struct ModelName: Hashable, Sendable, CustomStringConvertible {
  private enum Family: Hashable {
    case wideResNet(depth: Int, width: Int, blockKernels: [Int])
    case preactivationResNet(depth: Int)
    case resNet(depth: Int)
    case stochasticDepth(depth: Int)
    case imageNetResNet(depth: Int, width: Double)
    case compared(ComparedNetwork)
  }

  private let family: Family

  /// The forms that names have, for help and errors.
  public static let forms =
    "wrn-DEPTH-WIDTH, such as wrn-28-10, or with a block: wrn-40-2-b(1,3,1); "
    + "preact-resnet-DEPTH, such as preact-resnet-164; resnet-DEPTH, such as resnet-110; "
    + "stochastic-depth-DEPTH, such as stochastic-depth-110; "
    + "for ImageNet resnet-18, -34, -50, -101 and -152, wrn-18-WIDTH, wrn-34-WIDTH, "
    + "wrn-50-2-bottleneck, preact-resnet-200; without residual blocks "
    + ComparedNetwork.allCases.map(\.name).joined(separator: ", ")

  /// Names of all families: those of the papers.
  public static let examples =
    ["16-8", "16-4", "22-8", "28-10", "28-12", "40-4", "40-10"].map { "wrn-\($0)" }
    + ["110", "164", "1001", "200"].map { "preact-resnet-\($0)" }
    + ["110", "1202", "18", "34", "50", "101", "152"].map { "resnet-\($0)" }
    + ["stochastic-depth-110", "stochastic-depth-1202"]
    + ["18-1.5", "18-2", "34-2", "50-2-bottleneck", "101-2-bottleneck"].map { "wrn-\($0)" }
    + ComparedNetwork.allCases.map(\.name)

  /// Reads a name, or torchvision's or timm's for the same network; capitals are allowed.
  ///
  /// Throws `ModelError` for one that names no model.
  public init(parsing text: String) throws(ModelError) {
    let given = text.lowercased()
    let lowercased = Model.torchvisionNames.first { $0.value == given }?.key ?? given
    guard
      let family = ModelName.imageNetResNet(lowercased) ?? ModelName.resNet(lowercased)
        ?? ModelName.preactivationResNet(lowercased) ?? ModelName.wideResNet(lowercased)
        ?? ComparedNetwork(rawValue: lowercased).map(Family.compared)
    else {
      throw ModelError(
        what: "model '\(text.filter { !$0.isNewline }.prefix(60))'",
        why: "unknown name\(Spelling.question(text, among: ModelName.examples))",
        whatToDo: "see 'widecl models'")
    }
    self.family = family
  }

  private static func number(in text: String, after prefix: String) -> Int? {
    text.hasPrefix(prefix) ? Int(text.dropFirst(prefix.count)) : nil
  }

  private static func preactivationResNet(_ text: String) -> Family? {
    number(in: text, after: "preact-resnet-").map { .preactivationResNet(depth: $0) }
  }

  private static func resNet(_ text: String) -> Family? {
    number(in: text, after: "resnet-").map { .resNet(depth: $0) }
      ?? number(in: text, after: "stochastic-depth-").map { .stochasticDepth(depth: $0) }
  }

  private static func imageNetResNet(_ text: String) -> Family? {
    if let depth = number(in: text, after: "resnet-") {
      return ImageNetResNet.depths.contains(depth) ? .imageNetResNet(depth: depth, width: 1) : nil
    }
    if let depth = number(in: text, after: "preact-resnet-") {
      return ImageNetResNet.block(ofDepth: depth) == .preactivation
        ? .imageNetResNet(depth: depth, width: 1) : nil
    }
    var parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let isBottleneck = parts.last == "bottleneck"
    if isBottleneck { parts.removeLast() }
    guard parts.count == 3, parts[0] == "wrn", let depth = Int(parts[1]),
      ImageNetResNet.block(ofDepth: depth) == (isBottleneck ? .bottleneck : .basic),
      parts[2].allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
      let width = Double(parts[2])
    else { return nil }
    return .imageNetResNet(depth: depth, width: width)
  }

  private static func wideResNet(_ text: String) -> Family? {
    let parts = text.split(separator: "-", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[0] == "wrn", let depth = Int(parts[1]), let width = Int(parts[2])
    else { return nil }
    var kernels = [3, 3]
    if parts.count == 4 {
      guard parts[3].hasPrefix("b("), parts[3].hasSuffix(")") else { return nil }
      let inner = parts[3].dropFirst(2).dropLast().split(
        separator: ",", omittingEmptySubsequences: false)
      kernels = inner.compactMap { Int($0.filter { $0 != " " }) }
      guard kernels.count == inner.count else { return nil }
    }
    return .wideResNet(depth: depth, width: width, blockKernels: kernels)
  }

  /// The model with the choices that a name leaves open; errors as its family's initialiser.
  ///
  /// Only Wide ResNets leave the blocks open: for others `depthRule` is not used, and
  /// `blocksPerGroup` an error. Dropout is an error where blocks have none.
  public func model(
    dropout: Double = 0, depthRule: DepthRule = .sixNPlusFour, blocksPerGroup: Int? = nil,
    unitGamma: Bool = false
  ) throws(ModelError) -> Model {
    if case .wideResNet(let depth, let width, let blockKernels) = family {
      return .wideResNet(
        try WideResNet(
          depth: depth, width: width, blockKernels: blockKernels, dropout: dropout,
          depthRule: depthRule, blocksPerGroup: blocksPerGroup, unitGamma: unitGamma))
    }
    guard blocksPerGroup == nil else {
      var advice = "leave out --blocks-per-group"
      if case .imageNetResNet(let depth, _) = family,
        ImageNetResNet.block(ofDepth: depth) == .basic
      {
        advice += "; the Wide ResNet for small images is called wrn-\(depth)-2-b(3,3)"
      }
      throw ModelError(
        what: "model \(self)", why: "its name alone gives its blocks", whatToDo: advice)
    }
    if case .preactivationResNet(let depth) = family {
      return .preactivationResNet(
        try PreactivationResNet(depth: depth, dropout: dropout, unitGamma: unitGamma))
    }
    guard dropout == 0 else {
      throw ModelError(
        what: "model \(self)", why: "its dropout cannot be chosen", whatToDo: "leave out --dropout")
    }
    switch family {
    case .resNet(let depth):
      return .resNet(try ResNet(depth: depth, unitGamma: unitGamma))
    case .stochasticDepth(let depth):
      return .resNet(
        try ResNet(depth: depth, survival: ResNet.usualSurvival, unitGamma: unitGamma))
    case .imageNetResNet(let depth, let width):
      return .imageNetResNet(
        try ImageNetResNet(depth: depth, width: width, unitGamma: unitGamma))
    case .compared(let network): return .compared(network)
    case .wideResNet, .preactivationResNet: preconditionFailure("made above")
    }
  }

  /// The name in its usual spelling.
  public var description: String {
    switch family {
    case .wideResNet(let depth, let width, let blockKernels):
      WideResNet.name(depth: depth, width: width, blockKernels: blockKernels)
    case .preactivationResNet(let depth): "preact-resnet-\(depth)"
    case .resNet(let depth): "resnet-\(depth)"
    case .stochasticDepth(let depth): "stochastic-depth-\(depth)"
    case .imageNetResNet(let depth, let width):
      (try? ImageNetResNet(depth: depth, width: width).name) ?? "wrn-\(depth)-\(width)"
    case .compared(let network): network.name
    }
  }
}
