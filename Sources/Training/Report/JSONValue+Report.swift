import Autotuner

extension JSONValue {
  /// A member of an object by its name in camel case; one that is written in snake case counts.
  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members[key]
      ?? members[key.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : "\($1)" }]
  }

  /// A whole number, or the elements of an array that are one.
  var integers: [Int]? {
    switch self {
    case .integer(let value): [value]
    case .array(let values): values.compactMap { $0.integers?.first }
    default: nil
    }
  }

  /// The value as people read it.
  var text: String {
    switch self {
    case .null: "-"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): values.map(\.text).joined(separator: ", ")
    case .object: ""
    }
  }
}
