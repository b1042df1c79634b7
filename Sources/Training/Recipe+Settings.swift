import Autotuner
import Foundation
import Spelling

extension Recipe {
  /// The recipe with one field changed: `setting` is `name=value`, where the name is a path in the
  /// recipe's JSON, such as `momentum=0.95` or `augmentation.flip=false`.
  ///
  /// Throws with status 64 where there is no such field or the value is of another kind; whether
  /// the recipe makes sense is for `validate` to say, once all is set.
  public func setting(_ setting: String) throws(TrainingError) -> Recipe {
    func wrong(_ why: String) -> TrainingError {
      TrainingError(
        .usage, "recipe field \"\(setting)\"", why: why,
        advice: "write NAME=VALUE with a name that --show prints, such as augmentation.flip=false")
    }
    guard let sign = setting.firstIndex(of: "=") else { throw wrong("it has no '='") }
    let text = setting[setting.index(after: sign)...]
    // What is no JSON is a text: names need no quotation marks.
    let value =
      (try? JSONDecoder().decode([JSONValue].self, from: Data("[\(text)]".utf8)))
      .flatMap { $0.count == 1 ? $0[0] : nil } ?? .string(String(text))
    let path = setting[..<sign].split(separator: ".", omittingEmptySubsequences: false)
    guard let whole = JSONValue(encoding: self),
      let changed = whole.replacing(path.map(String.init)[...], with: value)
    else {
      throw wrong(
        "there is no such field\(Spelling.question(String(setting[..<sign]), among: fields.keys.sorted()))"
      )
    }
    do {
      return try JSONDecoder().decode(Recipe.self, from: JSONEncoder().encode(changed))
    } catch {
      throw wrong((error as? DecodingError)?.summary ?? "it cannot be decoded")
    }
  }
}

extension JSONValue {
  /// The value with the member at `path` replaced; nil where there is none.
  fileprivate func replacing(_ path: ArraySlice<String>, with value: JSONValue) -> JSONValue? {
    guard let key = path.first else { return value }
    guard case .object(var members) = self,
      let inner = members[key]?.replacing(path.dropFirst(), with: value)
    else { return nil }
    members[key] = inner
    return .object(members)
  }
}
