/// Reads JSON of a known form piece by piece, strictly and without recursion.
///
/// Foundation's parser keeps one of two equal keys, so a file with a name twice would pass.
struct JSONScanner {
  /// Why the text is not what was expected.
  struct Failure: Error {
    let reason: String
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Takes one punctuation character, after any white space.
  mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    if !accept(character) { throw unexpected("'\(character)'") }
  }

  /// Takes white space up to the end of the text.
  mutating func expectEnd() throws(Failure) {
    skipSpace()
    if position < bytes.count { throw unexpected("the end") }
  }

  /// The next key of an object whose `{` is taken, or nil at its `}`, which is taken.
  mutating func nextKey(isFirst: Bool) throws(Failure) -> String? {
    if accept("}") { return nil }
    if !isFirst { try expect(",") }
    let key = try string()
    try expect(":")
    return key
  }

  /// An array of whole numbers that are not negative.
  mutating func integers() throws(Failure) -> [Int] {
    var values: [Int] = []
    try expect("[")
    while !accept("]") {
      if !values.isEmpty { try expect(",") }
      values.append(try integer())
    }
    return values
  }

  /// A string with its escapes resolved.
  mutating func string() throws(Failure) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while true {
      guard position < bytes.count else { throw unexpected("the end of a string") }
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else {
          throw Failure(reason: "the header has a string that is not UTF-8 at byte \(position)")
        }
        return result
      case UInt8(ascii: "\\"): text += try escape().utf8
      case 0..<0x20: throw unexpected("no control character in a string")
      default: text.append(byte)
      }
    }
  }

  private mutating func integer() throws(Failure) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10
    {
      let (tens, overflowsTens) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflows) = tens.addingReportingOverflow(Int(digit))
      if overflowsTens || overflows { throw unexpected("a number below 2^63") }
      value = sum
      position += 1
    }
    let hasLeadingZero = position - start > 1 && bytes[start] == UInt8(ascii: "0")
    if position == start || hasLeadingZero { throw unexpected("a whole number, not negative") }
    return value
  }

  private mutating func escape() throws(Failure) -> String {
    guard position < bytes.count else { throw unexpected("an escape") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var units = [try hexadecimal()]
      if UTF16.isLeadSurrogate(units[0]) {
        guard bytes[position...].starts(with: #"\u"#.utf8) else {
          throw unexpected("a pair of surrogates")
        }
        position += 2
        units.append(try hexadecimal())
      }
      guard let text = String(validating: units, as: UTF16.self) else {
        throw unexpected("a pair of surrogates")
      }
      return text
    default: throw unexpected("an escape of JSON")
    }
  }

  private mutating func hexadecimal() throws(Failure) -> UInt16 {
    guard bytes.count - position >= 4 else { throw unexpected("four hexadecimal digits") }
    var value: UInt16 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw unexpected("four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
    }
    position += 4
    return value
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  private func unexpected(_ expected: String) -> Failure {
    Failure(reason: "the header is not valid: expected \(expected) at byte \(position)")
  }
}
