/// A model by its name, for example "wrn-28-10", "wrn-22-2-b(3,1,3)" or "preact-resnet-164".
public struct ModelName: Hashable, Sendable, CustomStringConvertible {
  private enum Family: Hashable {
    case wideResNet(depth: Int, width: Int, blockKernels: [Int])
    case preactivationResNet(depth: Int)
  }

  private let family: Family

  /// The forms that names have, for help and errors.
  public static let forms =
    "wrn-DEPTH-WIDTH, such as wrn-28-10, or with a block: wrn-40-2-b(1,3,1); "
    + "preact-resnet-DEPTH, such as preact-resnet-164"

  /// Reads a name; capitals are allowed.
  ///
  /// Throws `ModelError` for one that names no model.
  public init(parsing text: String) throws(ModelError) {
    let lowercased = text.lowercased()
    guard
      let family = ModelName.preactivationResNet(lowercased) ?? ModelName.wideResNet(lowercased)
    else {
      throw ModelError(
        what: "model '\(text.filter { !$0.isNewline }.prefix(60))'", why: "unknown name",
        whatToDo: "use \(ModelName.forms)")
    }
    self.family = family
  }

  private static func preactivationResNet(_ text: String) -> Family? {
    let prefix = "preact-resnet-"
    guard text.hasPrefix(prefix) else { return nil }
    return Int(text.dropFirst(prefix.count)).map { .preactivationResNet(depth: $0) }
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
  /// `blocksPerGroup` an error.
  public func model(
    dropout: Double = 0, depthRule: DepthRule = .sixNPlusFour, blocksPerGroup: Int? = nil,
    unitGamma: Bool = false
  ) throws(ModelError) -> Model {
    switch family {
    case .wideResNet(let depth, let width, let blockKernels):
      return .wideResNet(
        try WideResNet(
          depth: depth, width: width, blockKernels: blockKernels, dropout: dropout,
          depthRule: depthRule, blocksPerGroup: blocksPerGroup, unitGamma: unitGamma))
    case .preactivationResNet(let depth):
      guard blocksPerGroup == nil else {
        throw ModelError(
          what: "model \(self)", why: "its depth alone gives its blocks",
          whatToDo: "leave out --blocks-per-group")
      }
      return .preactivationResNet(
        try PreactivationResNet(depth: depth, dropout: dropout, unitGamma: unitGamma))
    }
  }

  /// The name in its usual spelling.
  public var description: String {
    switch family {
    case .wideResNet(let depth, let width, let blockKernels):
      WideResNet.name(depth: depth, width: width, blockKernels: blockKernels)
    case .preactivationResNet(let depth): "preact-resnet-\(depth)"
    }
  }
}
