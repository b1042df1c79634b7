/// A batch in parts, the micro-batches, that go through a network one after the other.
package struct BatchSplit: Hashable, Sendable {
  /// Images of each part, in order: sizes that differ by one at most, the larger ones first, so
  /// that no part's statistics are those of a rest of few images.
  package let parts: [Int]

  /// As few parts as have at most `limit` images each.
  package init(batch: Int, atMost limit: Int) {
    precondition(batch > 0 && limit > 0, "\(batch) images in parts of \(limit)")
    let count = (batch + limit - 1) / limit
    parts = (0..<count).map { batch / count + ($0 < batch % count ? 1 : 0) }
  }

  /// The places of each part of a batch at `places`.
  package func places(in places: Range<Int>) -> [Range<Int>] {
    var start = places.lowerBound
    return parts.map { part in
      defer { start += part }
      return start..<start + part
    }
  }
}
