import Autotuner

extension Recipe {
  /// The fields in which a recipe differs from another, with both values: "momentum 0.9, not 0.95".
  ///
  /// Names and values are those of the recipe's JSON.
  package func differences(from other: Recipe) -> [String] {
    let (own, others) = (fields, other.fields)
    return Set(own.keys).union(others.keys).sorted().filter { own[$0] != others[$0] }.map {
      "\($0) \(own[$0] ?? "-"), not \(others[$0] ?? "-")"
    }
  }

  /// Every field's value by its path, such as "augmentation.flip".
  var fields: [String: String] {
    guard let value = JSONValue(encoding: self) else { return [:] }
    var result: [String: String] = [:]
    func add(_ value: JSONValue, _ path: String) {
      guard case .object(let members) = value else {
        result[path] = value.short
        return
      }
      for (key, value) in members { add(value, path.isEmpty ? key : path + "." + key) }
    }
    add(value, "")
    return result
  }
}

extension JSONValue {
  /// The value as it is typed on a command line.
  fileprivate var short: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .array(let values): "[" + values.map(\.short).joined(separator: ",") + "]"
    case .object: "{}"
    }
  }
}
