import Autotuner

/// Makes hostile files of intact ones.
struct Mutator {
  let target: Target
  /// The most bytes of a file.
  let limit: Int

  /// A file for a run's `index`, which depends on nothing else but the seed.
  func file(index: Int, seed: UInt64) -> [UInt8] {
    var generator = ExampleGenerator(seed: seed &+ UInt64(index) &* 0xD134_2543_DE82_EF95)
    _ = generator.next()
    let start = target.seeds.randomElement(using: &generator) ?? []
    return mutated(start, using: &generator)
  }

  /// One to six changes of `bytes`, mostly with the checksums made right after them.
  func mutated(_ bytes: [UInt8], using generator: inout ExampleGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<(1 << Int.random(in: 0...2, using: &generator)) {
      change(&bytes, using: &generator)
    }
    if bytes.count > limit { bytes.removeLast(bytes.count - limit) }
    return Int.random(in: 0..<8, using: &generator) == 0 ? bytes : target.repair(bytes)
  }

  private func change(_ bytes: inout [UInt8], using generator: inout ExampleGenerator) {
    guard !bytes.isEmpty else { return bytes = target.seeds.first ?? [0] }
    let place = place(in: bytes, using: &generator)
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 1: bytes[place] = .random(in: .min ... .max, using: &generator)
    case 2, 3: putNumber(in: &bytes, at: place, using: &generator)
    case 4: replaceDigits(in: &bytes, at: place, using: &generator)
    case 5: bytes.removeSubrange(place...)
    case 6: bytes.removeSubrange(range(from: place, in: bytes, using: &generator))
    case 7:
      let piece = bytes[range(from: place, in: bytes, using: &generator)]
      bytes.insert(contentsOf: Array(piece), at: self.place(in: bytes, using: &generator))
    case 8:
      // Deep nesting, long runs.
      let piece = bytes[range(from: place, in: bytes, using: &generator).prefix(8)]
      let count = 1 << Int.random(in: 1...9, using: &generator)
      bytes.insert(contentsOf: Array(repeatElement(piece, count: count).joined()), at: place)
    case 9:
      // The end of another file.
      let other = target.seeds.randomElement(using: &generator) ?? []
      bytes = Array(bytes[..<place]) + other.dropFirst(place)
    default:
      guard let word = target.words.randomElement(using: &generator) else {
        return bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
      }
      if Bool.random(using: &generator) {
        bytes.insert(contentsOf: word, at: place)
      } else {
        let end = min(place + word.count, bytes.count)
        bytes.replaceSubrange(place..<end, with: word)
      }
    }
  }

  /// Half of all places are in the first bytes, where headers are.
  private func place(in bytes: [UInt8], using generator: inout ExampleGenerator) -> Int {
    let end = Bool.random(using: &generator) ? min(bytes.count, 160) : bytes.count
    return Int.random(in: 0..<end, using: &generator)
  }

  private func range(
    from start: Int, in bytes: [UInt8], using generator: inout ExampleGenerator
  ) -> Range<Int> {
    let length = 1 << Int.random(in: 0...8, using: &generator)
    return start..<min(start + Int.random(in: 1...length, using: &generator), bytes.count)
  }

  /// Sizes that overflow, wrap or lie at a limit, in either byte order.
  private func putNumber(
    in bytes: inout [UInt8], at place: Int, using generator: inout ExampleGenerator
  ) {
    let width = [2, 4, 8].randomElement(using: &generator) ?? 4
    let start = place & ~(width - 1)
    guard start + width <= bytes.count else { return }
    let bits = UInt64(1) << UInt64.random(in: 0..<UInt64(8 * width), using: &generator)
    let around = UInt64.random(in: 0...2, using: &generator)
    let number =
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bits &+ around &- 1
      case 1: UInt64.max &- around
      case 2: UInt64(bytes.count) &+ around &- 1
      default: UInt64.random(in: 0..<300, using: &generator)
      }
    let bigEndian = Bool.random(using: &generator)
    for index in 0..<width {
      let shift = UInt64(8 * (bigEndian ? width - 1 - index : index))
      bytes[start + index] = UInt8(truncatingIfNeeded: number >> shift)
    }
  }

  /// Another number in a text.
  private func replaceDigits(
    in bytes: inout [UInt8], at place: Int, using generator: inout ExampleGenerator
  ) {
    let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
    guard let start = bytes[place...].firstIndex(where: isDigit) else { return }
    let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
    let number = Mutator.numbers.randomElement(using: &generator) ?? "0"
    bytes.replaceSubrange(start..<end, with: number.utf8)
  }

  private static let numbers = [
    "0", "1", "-1", "7", "16", "255", "1e9", "0.5", "-0", "1e-400", "1e400", "1e308", "2147483647",
    "2147483648", "4294967296", "3037000500", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "18446744073709551615", "null", "true", "[]", "{}", "\"\"", "NaN",
  ]
}
