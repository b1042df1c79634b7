/// Which configurations a verification checks, on which problems.
package struct VerificationWork: Hashable, Codable, Sendable, SupervisedWork {
  package typealias Event = VerificationEvent

  /// Names of operations: the tasks.
  package var operations: [String]
  package var algorithms: Algorithms
  /// Only configurations whose text contains this.
  package var configuration: String?
  /// How many others of each problem are checked beside the default and those that were tuned or
  /// are shipped; nil: all.
  package var sample: Int?
  /// Chooses the sample.
  package var seed: UInt64
  /// Floating-point operations, and bytes, that a problem has at most; each operation's smallest is
  /// checked in any case.
  package var largest: Double?
  /// Whether buffers have no guards of our own: for checkers that see every access.
  package var areBuffersBare: Bool

  package init(
    operations: [String], algorithms: Algorithms = .all, configuration: String? = nil,
    sample: Int? = nil, seed: UInt64 = 1, largest: Double? = nil, areBuffersBare: Bool = false
  ) {
    self.operations = operations
    self.algorithms = algorithms
    self.configuration = configuration
    self.sample = sample
    self.seed = seed
    self.largest = largest
    self.areBuffersBare = areBuffersBare
  }

  package var taskCount: Int { operations.count }
  package var seconds: Double { .infinity }

  package func part(_ tasks: [Int], seconds: Double) -> VerificationWork {
    var part = self
    part.operations = tasks.map { operations[$0] }
    return part
  }
}

/// What a verifying worker process says.
package enum VerificationEvent: Hashable, Codable, Sendable, SupervisedEvent {
  /// So many checks of the task with this index are done.
  case progress(task: Int, checks: Int)
  case result(task: Int, VerificationResult)

  package var task: Int {
    get {
      switch self {
      case .progress(let task, _), .result(let task, _): task
      }
    }
    set {
      switch self {
      case .progress(_, let checks): self = .progress(task: newValue, checks: checks)
      case .result(_, let result): self = .result(task: newValue, result)
      }
    }
  }

  package var isResult: Bool { if case .result = self { true } else { false } }
}

/// What the verification of one operation came to.
package struct VerificationResult: Hashable, Codable, Sendable {
  /// Why a configuration is among those that are checked; of several reasons the first.
  package enum Role: String, Codable, Sendable, CaseIterable {
    case standard = "default"
    case tuned, shipped, other
  }

  package struct Failure: Hashable, Codable, Sendable {
    package var operation: String
    package var problem: String
    package var configuration: String
    package var reason: String
  }

  package var operation: String
  package var problems = 0
  /// Configurations times problems.
  package var checks = 0
  package var failures: [Failure] = []
  /// The texts of what was checked.
  package private(set) var configurations: [String: Role] = [:]

  package init(operation: String) { self.operation = operation }

  mutating func add(
    _ configuration: String, _ role: Role, problem: String, failures reasons: [String]
  ) {
    checks += 1
    let known = configurations[configuration]
    let roles = Role.allCases
    configurations[configuration] = roles.first { $0 == role || $0 == known }
    failures += reasons.map {
      Failure(
        operation: operation, problem: problem, configuration: configuration, reason: $0)
    }
  }

  /// How many configurations of a role are right wherever they were checked, and of how many.
  package func trusted(_ role: Role) -> (count: Int, of: Int) {
    let checked = configurations.filter { $0.value == role }
    let wrong = Set(failures.map(\.configuration)).intersection(checked.keys)
    return (checked.count - wrong.count, checked.count)
  }
}
