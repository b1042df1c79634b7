/// A failure that a user or a file caused, with the exit status of the command.
public struct TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure; the raw value is the command's exit status.
  public enum Category: Int32, Sendable {
    /// Wrong usage: an unknown recipe, a value out of range.
    case usage = 64
    /// A file is not what it should be: a damaged checkpoint, a wrong recipe.
    case badData = 65
    /// A file does not exist or cannot be opened.
    case missingFile = 66
    /// A file or folder cannot be written.
    case cannotWrite = 73
  }

  /// The kind of failure.
  public let category: Category
  /// The file, option or value the failure is about.
  public let what: String
  /// The reason, with what was expected and what was found.
  public let why: String
  /// What the user can do about it.
  public let advice: String

  package init(_ category: Category, _ what: String, why: String, advice: String) {
    self.category = category
    self.what = what
    self.why = why
    self.advice = advice
  }

  /// A file that is not there.
  package static func missing(_ path: String, advice: String) -> TrainingError {
    TrainingError(.missingFile, path, why: "no such file", advice: advice)
  }

  /// A run whose numbers are of no use any more; nothing of it is saved.
  static func diverged(_ why: String) -> TrainingError {
    TrainingError(
      .badData, "training", why: why, advice: "lower --lr; the checkpoint before it is kept")
  }

  /// The exit status of the command: 64, 65, 66 or 73.
  public var exitStatus: Int32 { category.rawValue }

  /// One line, `what: why; what to do`, free of control characters.
  public var description: String {
    "\(what.harmless(limit: 300)): \(why.harmless(limit: 600)); \(advice.harmless(limit: 300))"
  }
}

extension String {
  /// The text with control, format and line-separating characters escaped, cut to `limit` scalars.
  ///
  /// Names come from files: one with an escape sequence must not reach the terminal, one with a
  /// line feed must not forge a second line.
  func harmless(limit: Int) -> String {
    var result = ""
    for (index, scalar) in unicodeScalars.enumerated() {
      if index == limit { return result + "..." }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned,
        .privateUse:
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
