/// A failure that a file of tuning results or the place for them caused.
package struct TuningError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure; the raw value is the command's exit status.
  package enum Category: Int32, Sendable {
    case badData = 65
    case missingFile = 66
    case cannotWrite = 73
  }

  package let category: Category
  /// The file that the failure is about.
  package let what: String
  package let why: String
  package let advice: String

  package init(_ category: Category, _ what: String, why: String, advice: String) {
    self.category = category
    self.what = what
    self.why = why
    self.advice = advice
  }

  /// The exit status of the command: 65, 66 or 73.
  package var exitStatus: Int32 { category.rawValue }

  /// One line, `what: why; what to do`.
  package var description: String { "\(what): \(why); \(advice)" }
}
