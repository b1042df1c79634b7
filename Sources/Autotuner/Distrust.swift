import DeviceRuntime

/// The configurations that are not to be used on a device, by its journal.
///
/// What a verification found wrong for one problem, or what ended it, is distrusted for every one: a
/// compiler's fault seldom keeps to a size. What ended a tuning, which a large problem alone may do
/// by taking too long, is distrusted for that problem only.
package struct Distrust: Sendable {
  private struct Configuration: Hashable {
    var device: String
    var driver: String
    var operation: String
    var configuration: String

    init(_ key: Journal.Key) {
      device = key.device
      driver = key.driver
      operation = key.operation
      configuration = key.configuration
    }
  }

  private var wrong: Set<Configuration> = []
  private var crashed: Set<Journal.Key> = []

  /// Gets a line each time that none of an operation's configurations is trusted.
  package var note: @Sendable (String) -> Void = { _ in }

  /// Trust in everything.
  package init() {}

  package init(_ content: Journal.Content) {
    wrong = Set(content.wrong.map(Configuration.init))
    crashed = content.blacklist
  }

  /// Whether a verification found the candidate's configuration wrong.
  package func isWrong(_ key: Journal.Key) -> Bool { wrong.contains(Configuration(key)) }

  /// `candidates` without the distrusted ones; all of them where none is left.
  package func trusted<Operation: TunableOperation>(
    _ candidates: [Operation.Configuration], of operation: Operation.Type,
    for problem: Operation.Problem, on device: DeviceInfo
  ) -> [Operation.Configuration] {
    guard !wrong.isEmpty || !crashed.isEmpty else { return candidates }
    let trusted = candidates.filter {
      let key = Journal.Key(
        device: device, operation: Operation.name, problem: problem.description,
        configuration: $0.description)
      return !isWrong(key) && !crashed.contains(key)
    }
    guard trusted.isEmpty else { return trusted }
    note(
      "\(Operation.name) on \(device.name): every configuration was found wrong there; they are "
        + "used all the same, as there is no other")
    return candidates
  }
}
