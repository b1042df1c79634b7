/// A tuning space with the time of each candidate, as a device gave them: for tests of the search.
package struct RecordedSpace: Codable, Sendable {
  package struct Row: Codable, Sendable {
    package var configuration: String
    /// Nil where the candidate was rejected.
    package var seconds: Double?

    package init(configuration: String, seconds: Double?) {
      self.configuration = configuration
      self.seconds = seconds
    }
  }

  package var operation: String
  package var problem: String
  package var rows: [Row]

  package init(operation: String, problem: String, rows: [Row]) {
    self.operation = operation
    self.problem = problem
    self.rows = rows
  }

  /// The shortest time in the space.
  package var best: Double? { rows.compactMap(\.seconds).min() }
}

/// Answers a search from a recorded space, with a clock that runs as it would on the device.
package struct Replay: CandidateEvaluator {
  private let space: RecordedSpace
  private let noise: Double
  private let secondsPerTry: Double
  private var generator: ExampleGenerator
  /// Seconds that the tries so far would have taken.
  package private(set) var clock = 0.0
  package private(set) var tried: [Int] = []

  /// Times vary by up to `noise`, relative; a try costs `secondsPerTry` for building and checking.
  package init(
    _ space: RecordedSpace, noise: Double = 0, secondsPerTry: Double = 0, seed: UInt64 = 1
  ) {
    self.space = space
    self.noise = noise
    self.secondsPerTry = secondsPerTry
    generator = ExampleGenerator(seed: seed)
  }

  package mutating func measure(_ candidate: Int, best: Double?) -> Double? {
    tried.append(candidate)
    clock += secondsPerTry
    return sample(candidate)
  }

  package mutating func compare(_ candidates: [Int]) -> [Int: Double] {
    var result: [Int: Double] = [:]
    for candidate in candidates { result[candidate] = sample(candidate) }
    return result
  }

  private mutating func sample(_ candidate: Int) -> Double? {
    guard let seconds = space.rows[candidate].seconds else { return nil }
    clock += seconds
    return noise > 0 ? seconds * (1 + .random(in: -noise...noise, using: &generator)) : seconds
  }
}
