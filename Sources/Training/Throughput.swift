/// Training images a second, without what is done once: drivers compile a kernel when it is first
/// launched, in the first step of a size.
struct Throughput {
  private typealias Mark = (images: Int, nanoseconds: UInt64)

  private var first: Mark?
  private var previous: Mark?
  private var latest: Mark?

  /// Says that so many images of the epoch are done, at a time from any fixed moment.
  mutating func add(images: Int, nanoseconds: UInt64) {
    previous = latest
    latest = (images, nanoseconds)
    first = first ?? latest
  }

  /// Images a second after the first mark; nil before there are two.
  ///
  /// Without the last interval, where there are others, if that ends with a smaller batch.
  func imagesPerSecond(endsWithSmallerBatch: Bool) -> Double? {
    guard let first, let previous, let latest else { return nil }
    let end = endsWithSmallerBatch && previous.images > first.images ? previous : latest
    let seconds = Double(end.nanoseconds - first.nanoseconds) * 1e-9
    return seconds > 0 ? Double(end.images - first.images) / seconds : nil
  }
}
