import Foundation

/// A key of any name.
private struct AnyKey: CodingKey {
  let stringValue: String
  let intValue: Int? = nil

  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension Decoder {
  /// Throws when the object being decoded has a key that is not among `known`.
  func refuseKeys(notIn known: [some CodingKey]) throws {
    let names = known.map(\.stringValue)
    let unknown = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
      .filter { !names.contains($0) }
    if let key = unknown.min() {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: codingPath,
          debugDescription: "unknown key \"\(key)\", expected \(names.joined(separator: ", "))"))
    }
  }
}

extension KeyedDecodingContainer {
  /// Decodes a whole number, and says where one is that is not whole.
  ///
  /// Foundation calls a document with 2.5 in the place of an `Int` "not valid JSON".
  func wholeNumber(forKey key: Key) throws -> Int {
    try whole(decode(Double.self, forKey: key), key)
  }

  /// Decodes an array of whole numbers.
  func wholeNumbers(forKey key: Key) throws -> [Int] {
    try decode([Double].self, forKey: key).map { try whole($0, key) }
  }

  private func whole(_ value: Double, _ key: Key) throws -> Int {
    if let result = Int(exactly: value) { return result }
    throw DecodingError.dataCorrupted(
      .init(
        codingPath: codingPath + [key],
        debugDescription: "expected a whole number, got \(value)"))
  }
}

/// Why a document could not be decoded and validated, in a few words.
func decodingFailure(_ error: any Error) -> String {
  switch error {
  case let error as DecodingError: error.summary
  case let error as TrainingError: error.why
  default: "cannot be decoded"
  }
}

extension DecodingError {
  /// Where in the document and what is wrong, in a few words.
  var summary: String {
    switch self {
    case .keyNotFound(let key, let context):
      DecodingError.place(context) + "the key \"\(key.stringValue)\" is missing"
    case .typeMismatch(let type, let context):
      DecodingError.place(context) + "expected \(DecodingError.name(type)), got something else"
    case .valueNotFound(let type, let context):
      DecodingError.place(context) + "expected \(DecodingError.name(type)), got null"
    case .dataCorrupted(let context): DecodingError.place(context) + context.debugDescription
    @unknown default: "cannot be decoded"
    }
  }

  private static func place(_ context: Context) -> String {
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return path.isEmpty ? "" : path.joined(separator: ".") + ": "
  }

  private static func name(_ type: Any.Type) -> String {
    switch type {
    case is Int.Type: "a whole number"
    case is Double.Type, is Float.Type: "a number"
    case is Bool.Type: "true or false"
    case is String.Type: "a text"
    case is [Any].Type: "an array"
    default: "an object"
    }
  }
}
