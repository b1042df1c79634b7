import DeviceRuntime

/// Which configurations may be used.
package enum Algorithms: String, Hashable, Codable, Sendable, CaseIterable {
  /// Every one.
  case all
  /// Only exact ones: no Winograd.
  case direct

  /// The configurations among an operation's candidates, the safe default first.
  package func candidates<Operation: TunableOperation>(
    of operation: Operation.Type, for problem: Operation.Problem, on device: DeviceInfo
  ) -> [Operation.Configuration] {
    let all = Operation.candidates(for: problem, on: device)
    return self == .all ? all : all.filter(Operation.isExact)
  }
}
