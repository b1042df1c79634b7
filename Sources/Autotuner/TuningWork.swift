import DeviceRuntime

/// An operation with a problem in a form that another process can read.
package struct TuningTask: Hashable, Codable, Sendable {
  package var operation: String
  package var problem: JSONValue
  /// How much of a step it is: any unit.
  package var weight: Double

  package init(operation: String, problem: JSONValue, weight: Double) {
    self.operation = operation
    self.problem = problem
    self.weight = weight
  }

  /// The operation in its types; nil where no operation of `known` fits.
  package func instance(among known: [any TunableOperation.Type]) -> (any OperationInstance)? {
    func instance<Operation: TunableOperation>(
      _ type: Operation.Type
    ) -> (any OperationInstance)? {
      problem.decoded(as: Operation.Problem.self).map { Instance(type, $0) }
    }
    for type in known where type.name == operation { return instance(type) }
    return nil
  }

  /// The distinct operations that have something to choose, the heaviest first.
  ///
  /// `instances` may name one several times, or with no more than fusion flags between them; the
  /// first stands for all of these, with the weight of all.
  package static func tasks(
    of instances: [any OperationInstance], on device: DeviceInfo
  ) throws -> [TuningTask] {
    var tasks: [TuningTask] = []
    for instance in instances {
      guard let task = try instance.accept(MakeTask(device: device)) else { continue }
      let alike = tasks.indices.filter { tasks[$0].operation == task.operation }
      if let place = try instance.accept(FindAlike(problems: alike.map { tasks[$0].problem })) {
        tasks[alike[place]].weight += task.weight
      } else {
        tasks.append(task)
      }
    }
    return tasks.enumerated().sorted {
      ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
    }.map(\.element)
  }
}

/// The first of several problems of an operation that is tuned as the visited one is.
private struct FindAlike: OperationVisitor {
  typealias Output = Int?

  let problems: [JSONValue]

  func visit<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem
  ) -> Int? {
    problems.firstIndex { json in
      guard let other = json.decoded(as: Operation.Problem.self) else { return false }
      // Fusion flags are at most this far apart, another size is much further.
      return other == problem || Operation.distance(problem, other).map { $0 <= 0.05 } ?? false
    }
  }
}

private struct MakeTask: OperationVisitor {
  typealias Output = TuningTask?

  let device: DeviceInfo

  func visit<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem
  ) -> TuningTask? {
    guard Operation.candidates(for: problem, on: device).count > 1,
      let json = JSONValue(encoding: problem)
    else { return nil }
    let cost = Operation.cost(problem)
    // Processors do some ten operations in the time of a byte from memory.
    return TuningTask(
      operation: Operation.name, problem: json, weight: cost.flops / 10 + cost.bytes)
  }
}

/// What a worker process is to do; it reads this from its standard input.
package struct TuningWork: Hashable, Codable, Sendable, SupervisedWork {
  package typealias Event = TuningEvent

  package var tasks: [TuningTask]
  /// Seconds for all of them.
  package var seconds: Double
  package var algorithms: Algorithms
  /// Whether to try every candidate, however many there are.
  package var isExhaustive: Bool

  package init(
    tasks: [TuningTask], seconds: Double, algorithms: Algorithms, isExhaustive: Bool = false
  ) {
    self.tasks = tasks
    self.seconds = seconds
    self.algorithms = algorithms
    self.isExhaustive = isExhaustive
  }

  package var taskCount: Int { tasks.count }

  package func part(_ tasks: [Int], seconds: Double) -> TuningWork {
    var part = self
    part.tasks = tasks.map { self.tasks[$0] }
    part.seconds = seconds
    return part
  }
}

/// What a worker process says, as lines of JSON on its standard output.
package enum TuningEvent: Hashable, Codable, Sendable, SupervisedEvent {
  /// A candidate of the task with this index was tried.
  case progress(task: Int, tried: Int, limit: Int, best: Double?)
  case result(task: Int, TuningResult)

  package var task: Int {
    get {
      switch self {
      case .progress(let task, _, _, _), .result(let task, _): task
      }
    }
    set {
      switch self {
      case .progress(_, let tried, let limit, let best):
        self = .progress(task: newValue, tried: tried, limit: limit, best: best)
      case .result(_, let result): self = .result(task: newValue, result)
      }
    }
  }

  package var isResult: Bool { if case .result = self { true } else { false } }
}
