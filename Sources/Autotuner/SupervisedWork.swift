/// Tasks for a worker process, which reads them as JSON from its standard input.
package protocol SupervisedWork: Encodable {
  /// What the worker writes, as lines of JSON on its standard output.
  associatedtype Event: SupervisedEvent

  var taskCount: Int { get }
  /// Seconds for all of them; what is left over then is not done.
  var seconds: Double { get }

  /// The tasks with these indices, and so many seconds for them.
  func part(_ tasks: [Int], seconds: Double) -> Self
}

/// A worker's sign of life.
package protocol SupervisedEvent: Decodable {
  /// The index of the task it is about.
  var task: Int { get set }
  /// Whether that task is done.
  var isResult: Bool { get }
}
