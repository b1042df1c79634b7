/// A model by its name, for example "wrn-28-10" or "wrn-22-2-b(3,1,3)".
public struct ModelName: Hashable, Sendable, CustomStringConvertible {
  /// The depth in the name.
  public let depth: Int
  /// The widening factor in the name.
  public let width: Int
  /// The kernel sizes of a block's convolutions.
  public let blockKernels: [Int]

  /// The forms that names have, for help and errors.
  public static let forms = "wrn-DEPTH-WIDTH, such as wrn-28-10, or with a block: wrn-40-2-b(1,3,1)"

  /// Reads a name; capitals are allowed.
  ///
  /// Throws `ModelError` for one that names no model.
  public init(parsing text: String) throws(ModelError) {
    let unknown = ModelError(
      what: "model '\(text.filter { !$0.isNewline }.prefix(60))'", why: "unknown name",
      whatToDo: "use \(ModelName.forms)")
    let parts = text.lowercased().split(
      separator: "-", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[0] == "wrn", let depth = Int(parts[1]), let width = Int(parts[2])
    else { throw unknown }
    var kernels = [3, 3]
    if parts.count == 4 {
      guard parts[3].hasPrefix("b("), parts[3].hasSuffix(")") else { throw unknown }
      let inner = parts[3].dropFirst(2).dropLast().split(
        separator: ",", omittingEmptySubsequences: false)
      kernels = inner.compactMap { Int($0.filter { $0 != " " }) }
      guard kernels.count == inner.count else { throw unknown }
    }
    self.depth = depth
    self.width = width
    blockKernels = kernels
  }

  /// The model with the choices that a name leaves open; errors as `WideResNet.init`.
  public func model(
    dropout: Double = 0, depthRule: DepthRule = .sixNPlusFour, blocksPerGroup: Int? = nil,
    unitGamma: Bool = false
  ) throws(ModelError) -> WideResNet {
    try WideResNet(
      depth: depth, width: width, blockKernels: blockKernels, dropout: dropout,
      depthRule: depthRule, blocksPerGroup: blocksPerGroup, unitGamma: unitGamma)
  }

  /// The name in its usual spelling.
  public var description: String {
    WideResNet.name(depth: depth, width: width, blockKernels: blockKernels)
  }
}
