/// How numbers are distributed: counts of equal parts between the lowest and the highest.
struct Histogram: Hashable {
  /// Parts of a histogram whose numbers differ.
  static let parts = 30

  let lowest: Double
  let highest: Double
  let count: Int
  let sum: Double
  let sumOfSquares: Double
  /// The upper bound of each part; the last is `highest`.
  let limits: [Double]
  /// Numbers in each part.
  let counts: [Int]

  /// Of finite numbers; nil of none.
  init?(_ values: [Float]) {
    guard let lowest = values.min(), let highest = values.max() else { return nil }
    self.lowest = Double(lowest)
    self.highest = Double(highest)
    count = values.count
    let parts = lowest < highest ? Self.parts : 1
    let low = self.lowest
    let width = (self.highest - low) / Double(parts)
    var counts = [Int](repeating: 0, count: parts)
    var (sum, squares) = (0.0, 0.0)
    for value in values {
      let value = Double(value)
      sum += value
      squares += value * value
      counts[parts == 1 ? 0 : min(parts - 1, Int((value - low) / width))] += 1
    }
    self.sum = sum
    sumOfSquares = squares
    self.counts = counts
    limits = (1..<parts).map { low + Double($0) * width } + [self.highest]
  }
}
