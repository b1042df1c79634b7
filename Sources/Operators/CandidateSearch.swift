/// The largest divisor of `count` that is at most `limit`.
func largestDivisor(of count: Int, atMost limit: Int) -> Int {
  (1...max(1, min(limit, count))).last { count.isMultiple(of: $0) } ?? 1
}

/// The largest power of two that is at most `count`, which is at least 1.
func powerOfTwo(atMost count: Int) -> Int {
  1 << (Int.bitWidth - 1 - max(1, count).leadingZeroBitCount)
}

/// `values` without repetitions, in their order.
func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
  var seen: Set<Value> = []
  return values.filter { seen.insert($0).inserted }
}
