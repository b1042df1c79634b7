/// The dictionary before an array of numpy's, as Python writes it:
/// `{'descr': '|u1', 'fortran_order': False, 'shape': (5, 28, 28), }`.
struct NumpyHeader {
  let type: NumpyArray.ElementType
  let isFortran: Bool
  let shape: [Int]

  private enum Value {
    case text(String)
    case flag(Bool)
    case numbers([Int])
  }

  /// Nil where it is another text, or the elements are no plain numbers.
  init?(_ bytes: [UInt8]) {
    var scanner = Scanner(rest: bytes[...])
    var values: [String: Value] = [:]
    guard scanner.take("{") else { return nil }
    while !scanner.take("}") {
      guard let key = scanner.text(), scanner.take(":"), let value = scanner.value(),
        values.updateValue(value, forKey: key) == nil
      else { return nil }
      _ = scanner.take(",")
    }
    guard case .text(let descriptor)? = values["descr"],
      case .flag(let isFortran)? = values["fortran_order"],
      case .numbers(let shape)? = values["shape"], let type = Self.type(descriptor)
    else { return nil }
    self.type = type
    self.isFortran = isFortran
    self.shape = shape
  }

  /// Such as `<i8`: byte order, kind, bytes of an element.
  private static func type(_ text: String) -> NumpyArray.ElementType? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 3, "<>|=".utf8.contains(bytes[0]), "uifb".utf8.contains(bytes[1]),
      let width = Int(String(decoding: bytes[2...], as: UTF8.self)), (1...16).contains(width)
    else { return nil }
    return NumpyArray.ElementType(
      kind: bytes[1], width: width, isBigEndian: bytes[0] == UInt8(ascii: ">"))
  }

  private struct Scanner {
    var rest: ArraySlice<UInt8>

    mutating func take(_ text: String) -> Bool {
      rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == 10 }
      guard rest.starts(with: text.utf8) else { return false }
      rest = rest.dropFirst(text.utf8.count)
      return true
    }

    mutating func text() -> String? {
      guard let quote = ["'", "\""].first(where: { take($0) })?.utf8.first,
        let end = rest.firstIndex(of: quote)
      else { return nil }
      defer { rest = rest[(end + 1)...] }
      return String(decoding: rest[..<end], as: UTF8.self)
    }

    mutating func number() -> Int? {
      _ = take("")
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      rest = rest.dropFirst(digits.count)
      return Int(String(decoding: digits, as: UTF8.self))
    }

    mutating func value() -> Value? {
      if take("True") { return .flag(true) }
      if take("False") { return .flag(false) }
      guard take("(") else { return text().map { .text($0) } }
      var numbers: [Int] = []
      while !take(")") {
        guard let number = number() else { return nil }
        numbers.append(number)
        _ = take(",")
      }
      return .numbers(numbers)
    }
  }
}
