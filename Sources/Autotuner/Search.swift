/// What a search measures with: a device, or a recorded space.
package protocol CandidateEvaluator {
  /// Seconds of a candidate, by its index, or nil where it is rejected.
  ///
  /// `best` is the shortest time so far: what takes much longer need not be measured well.
  mutating func measure(_ candidate: Int, best: Double?) throws -> Double?

  /// Seconds of several candidates that were measured before, now in alternation.
  mutating func compare(_ candidates: [Int]) throws -> [Int: Double]
}

/// Finds a fast candidate among many, in few evaluations.
///
/// Where a model has ranked the candidates, they are tried in their order until several in a row
/// gained nothing. Otherwise a small space is tried whole, and in a large one the search starts
/// from the default, from hints, from one candidate of each kind and from random ones, and then
/// walks from the fastest one to its neighbours: those whose descriptions differ in one field, such
/// as `im8` in `tile_im8_in2_v16`.
package struct Search: Sendable {
  /// Spaces of up to this size are tried whole.
  package var exhaustiveLimit = 32
  /// The share of a larger space that is tried.
  package var share = 1.0 / 3
  /// After how many candidates in a row without a gain a ranked space is left; nil for a space
  /// without a ranking.
  package var patience: Int?
  /// The share of its time that a candidate must gain on the default, or on the best before it.
  package var gain = 0.03
  /// How many of the fastest are measured again in alternation.
  package var finalists = 4
  package var seed: UInt64 = 1

  package init() {}

  /// A search of candidates in the order of a model.
  package static var ranked: Search {
    var search = Search()
    search.patience = 8
    return search
  }

  package struct Outcome: Sendable {
    /// Index and seconds of the finalists, the fastest first; empty where every one was rejected.
    package var ranking: [(candidate: Int, seconds: Double)] = []
    /// Candidates that were tried, rejected ones included.
    package var evaluations = 0
    /// Whether nothing stopped the search early.
    package var isComplete = true

    /// The fastest candidate, and the fastest exact one where that is another.
    package func winners(isExact: (Int) -> Bool) -> [(candidate: Int, seconds: Double)] {
      guard let best = ranking.first else { return [] }
      let exact = ranking.first { isExact($0.candidate) }
      return [best] + (exact.map { $0.candidate == best.candidate ? [] : [$0] } ?? [])
    }
  }

  /// How many candidates of a space of `count` are tried.
  package func evaluationLimit(_ count: Int) -> Int {
    count <= exhaustiveLimit ? count : max(exhaustiveLimit, Int(Double(count) * share))
  }

  /// Searches until its limit is reached or `stop` says so, which is asked before each candidate.
  ///
  /// The first description is the default's, which is always among the finalists, as are the two
  /// fastest exact candidates, for `--algorithms direct`.
  package func run<Evaluator: CandidateEvaluator>(
    _ descriptions: [String], hints: [Int] = [], evaluator: inout Evaluator,
    isExact: (Int) -> Bool = { _ in true }, stop: () -> Bool = { false }
  ) throws -> Outcome {
    var walk = SearchWalk(descriptions, hints: hints, isRanked: patience != nil, seed: seed)
    let limit = evaluationLimit(descriptions.count)
    let starts = limit == descriptions.count ? limit : max(4, limit / 4)
    var outcome = Outcome()
    var inVain = 0
    while outcome.evaluations < limit, inVain < patience ?? .max {
      if stop() {
        outcome.isComplete = false
        break
      }
      guard let next = walk.next(starts: starts) else { break }
      let best = walk.best
      walk.record(next, try evaluator.measure(next, best: best))
      outcome.evaluations += 1
      let hasGained = best.map { (walk.best ?? $0) < (1 - gain) * $0 } ?? true
      inVain = hasGained || hints.contains(next) ? 0 : inVain + 1
    }
    let ranked = walk.times.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    var chosen = Array(ranked.prefix(finalists))
    for extra in ranked.filter(isExact).prefix(2) + [0]
    where walk.times[extra] != nil && !chosen.contains(extra) { chosen.append(extra) }
    let compared = chosen.count > 1 ? try evaluator.compare(chosen) : walk.times
    outcome.ranking = chosen.compactMap { candidate in
      compared[candidate].map { (candidate, $0) }
    }.sorted { ($0.seconds, $0.candidate) < ($1.seconds, $1.candidate) }
    // What a noisy clock shows as a small gain over the default is none.
    if let index = outcome.ranking.firstIndex(where: { $0.candidate == 0 }),
      (1 - gain) * outcome.ranking[index].seconds <= outcome.ranking[0].seconds
    {
      outcome.ranking.insert(outcome.ranking.remove(at: index), at: 0)
    }
    return outcome
  }
}

/// Where a search has been and where it goes next.
private struct SearchWalk {
  private let fields: [[Substring]]
  private let isRanked: Bool
  private var generator: ExampleGenerator
  private var queue: [Int]
  private var tried: Set<Int> = []
  private(set) var times: [Int: Double] = [:]

  init(_ descriptions: [String], hints: [Int], isRanked: Bool, seed: UInt64) {
    let fields = descriptions.map { $0.split(separator: "_", omittingEmptySubsequences: false) }
    self.fields = fields
    self.isRanked = isRanked
    generator = ExampleGenerator(seed: seed)
    var kinds: Set<Substring> = []
    let firsts = fields.indices.filter { kinds.insert(fields[$0].first ?? "").inserted }
    queue =
      Array(fields.indices.prefix(1)) + hints.filter(fields.indices.contains)
      + (isRanked ? [] : firsts)
  }

  var best: Double? { times.values.min() }

  mutating func record(_ candidate: Int, _ seconds: Double?) {
    tried.insert(candidate)
    times[candidate] = seconds
  }

  /// The next candidate to try, or nil when all were.
  mutating func next(starts: Int) -> Int? {
    while !queue.isEmpty {
      let candidate = queue.removeFirst()
      if !tried.contains(candidate) { return candidate }
    }
    if isRanked { return fields.indices.first { !tried.contains($0) } }
    if tried.count >= starts {
      // Only near the fastest: neighbours of a candidate that is half as fast are no use.
      let limit = 1.5 * (best ?? 0)
      for (candidate, _) in times.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) })
      where times[candidate] ?? .infinity <= limit {
        if let neighbour = nearestNeighbour(of: candidate) { return neighbour }
      }
    }
    return fields.indices.filter { !tried.contains($0) }.randomElement(using: &generator)
  }

  private func nearestNeighbour(of candidate: Int) -> Int? {
    fields.indices.filter { !tried.contains($0) }
      .compactMap { other in distance(candidate, other).map { ($0, other) } }
      .min { $0 < $1 }?.1
  }

  /// How far apart two candidates are that differ in one field; nil for others.
  private func distance(_ a: Int, _ b: Int) -> Double? {
    guard fields[a].count == fields[b].count else { return nil }
    var result: Double?
    for (first, second) in zip(fields[a], fields[b]) where first != second {
      guard result == nil else { return nil }
      let (x, y) = (number(first), number(second))
      // Fields without a number, such as an algorithm's name, are far apart.
      result = x > 0 && y > 0 ? abs(Double(x - y)) / Double(max(x, y)) : 1
    }
    return result
  }

  /// The digits in a field as one number.
  private func number(_ field: Substring) -> Int {
    Int(field.filter { ("0"..."9").contains($0) }.prefix(9)) ?? 0
  }
}
