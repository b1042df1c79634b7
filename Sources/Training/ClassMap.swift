import Foundation

/// Which class of a checkpoint a data set's class is, where their names differ: `--class-map FILE`.
///
/// The file is a JSON object `{"data-name": "checkpoint-name"}`, or has a line
/// `data-name = checkpoint-name` for each; empty lines and those that begin with # are left out.
package struct ClassMap: Sendable {
  /// Names the file in errors.
  let file: String
  /// The checkpoint's names by the data set's; equal in NFC is equal, as strings compare.
  let names: [String: String]

  /// Reads a file; throws with status 66 where there is none, 65 where it is no such map.
  package init(contentsOf path: String) throws(TrainingError) {
    let file = try InputFile(path)
    try self.init(decoding: file.read(file.size), file: path)
  }

  /// Reads a file's bytes; `file` names it in errors, which have status 65.
  package init(decoding bytes: [UInt8], file: String) throws(TrainingError) {
    self.file = file
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ClassMap.wrong(file, "it is not UTF-8")
    }
    if text.first(where: { !$0.isWhitespace }) == "{" {
      guard let names = try? JSONDecoder().decode([String: String].self, from: Data(bytes)) else {
        throw ClassMap.wrong(file, "it is no JSON object of texts")
      }
      self.names = names
    } else {
      names = try ClassMap.lines(text, file: file)
    }
    if names.isEmpty { throw ClassMap.wrong(file, "it names no class") }
  }

  private static func lines(
    _ text: String, file: String
  ) throws(TrainingError) -> [String: String] {
    var names: [String: String] = [:]
    for (number, line) in text.split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces)
      if line.isEmpty || line.hasPrefix("#") { continue }
      guard let sign = line.firstIndex(of: "=") else {
        throw wrong(file, "line \(number + 1) has no '='")
      }
      let name = line[..<sign].trimmingCharacters(in: .whitespaces)
      let other = line[line.index(after: sign)...].trimmingCharacters(in: .whitespaces)
      guard !name.isEmpty, !other.isEmpty else {
        throw wrong(file, "line \(number + 1) lacks a name")
      }
      guard names.updateValue(other, forKey: name) == nil else {
        throw wrong(file, "line \(number + 1) names '\(name)' again")
      }
    }
    return names
  }

  private static func wrong(_ file: String, _ why: String) -> TrainingError {
    TrainingError(
      .badData, file, why: why,
      advice: "write a line 'data-name = checkpoint-name' for each class that has another name")
  }
}
