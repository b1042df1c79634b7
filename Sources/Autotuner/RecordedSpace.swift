/// A tuning space with the time of each candidate, as a device gave them: for tests of the search.
package struct RecordedSpace: Codable, Sendable {
  package struct Row: Sendable {
    package var configuration: String
    /// Nil where the candidate was rejected.
    package var seconds: Double?
    /// Seconds of building and checking it; nil where they were not recorded.
    package var preparation: Double?

    package init(configuration: String, seconds: Double?, preparation: Double? = nil) {
      self.configuration = configuration
      self.seconds = seconds
      self.preparation = preparation
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

/// A row is an array, which is shorter: configuration, seconds, preparation.
extension RecordedSpace.Row: Codable {
  package init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    configuration = try values.decode(String.self)
    seconds = try values.decode(Double?.self)
    preparation = values.isAtEnd ? nil : try values.decode(Double.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.unkeyedContainer()
    try values.encode(configuration)
    try values.encode(seconds)
    if let preparation { try values.encode(preparation) }
  }
}

/// A task of a tuning session with what it has to choose from.
package struct RecordedTask: Codable, Sendable {
  /// As in `TuningTask`.
  package var weight: Double
  /// How often a step has the operation with this problem.
  package var uses: Int
  /// How many candidates there are.
  package var candidates: Int
  /// The first of them, in their order.
  package var space: RecordedSpace

  package init(weight: Double, uses: Int, candidates: Int, space: RecordedSpace) {
    self.weight = weight
    self.uses = uses
    self.candidates = candidates
    self.space = space
  }
}

/// Answers a search from a recorded space, with a clock that runs as it would on the device.
package struct Replay: CandidateEvaluator {
  /// The seconds that what is simulated would have taken.
  package final class Clock {
    package fileprivate(set) var seconds = 0.0

    package init() {}
  }

  private let space: RecordedSpace
  private let noise: Double
  private let clock: Clock
  private var generator: ExampleGenerator
  package private(set) var tried: [Int] = []

  /// Times vary by up to `noise`, relative.
  package init(
    _ space: RecordedSpace, noise: Double = 0, seed: UInt64 = 1, clock: Clock = Clock()
  ) {
    self.space = space
    self.noise = noise
    self.clock = clock
    generator = ExampleGenerator(seed: seed)
  }

  package mutating func measure(_ candidate: Int, best: Double?) -> Double? {
    tried.append(candidate)
    clock.seconds += space.rows[candidate].preparation ?? 0
    guard let seconds = space.rows[candidate].seconds else { return nil }
    let outcome = Sampling.outcome(best: best) { sample(seconds) }
    return if case .measured(let seconds) = outcome { seconds } else { nil }
  }

  package mutating func compare(_ candidates: [Int]) -> [Int: Double] {
    Sampling.medians(of: candidates) { space.rows[$0].seconds.map { sample($0) } }
  }

  private mutating func sample(_ seconds: Double) -> Double {
    clock.seconds += seconds
    return noise > 0 ? seconds * (1 + .random(in: -noise...noise, using: &generator)) : seconds
  }
}
