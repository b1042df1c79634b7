/// A model that does not exist, in one line.
public struct ModelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was asked for.
  public let what: String
  /// Why it can't be had.
  public let why: String
  /// What to ask for instead.
  public let whatToDo: String

  /// An error about what does not exist.
  package init(what: String, why: String, whatToDo: String) {
    self.what = what
    self.why = why
    self.whatToDo = whatToDo
  }

  /// What, why and what to do, in one line.
  public var description: String { "\(what): \(why); \(whatToDo)" }

  /// That a number is no probability of dropout.
  static func dropout(_ value: Double) -> ModelError {
    ModelError(
      what: "dropout \(value)", why: "not a probability below 1", whatToDo: "give 0 to 0.99")
  }
}
