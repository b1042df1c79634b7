/// What is wrong with a data set: what, why and what to do, each on one line.
public struct DataError: Error, Hashable, Codable, CustomStringConvertible, Sendable {
  /// The kind of a data error, which decides the exit status.
  public enum Category: String, Codable, Sendable {
    /// A wrong name or option.
    case usage
    /// The contents of a file are wrong.
    case malformed
    /// A file or folder is not there or cannot be read.
    case missing
    /// A file or folder cannot be written.
    case unwritable
  }

  /// The kind of the error.
  public let category: Category
  /// The file, folder or name that is wrong.
  public let what: String
  /// What is wrong with it.
  public let why: String
  /// What the user can do about it.
  public let whatToDo: String

  /// An error whose texts are made safe to print: control characters become `\u{..}`.
  public init(_ category: Category, what: String, why: String, whatToDo: String) {
    self.category = category
    self.what = Self.printable(what)
    self.why = Self.printable(why)
    self.whatToDo = Self.printable(whatToDo)
  }

  /// The error on one line: `what: why; what to do`.
  public var description: String { "\(what): \(why); \(whatToDo)" }

  /// The exit status of the command, as in sysexits.h: 64 usage, 65 malformed, 66 missing, 73 unwritable.
  public var exitStatus: Int32 {
    switch category {
    case .usage: 64
    case .malformed: 65
    case .missing: 66
    case .unwritable: 73
    }
  }

  /// `text` with everything escaped that could move the cursor, break the line or turn its
  /// direction.
  static func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The first ten problems with their places, and how many more there are.
  static func listed(_ problems: [DataError]) -> String {
    let shown = problems.prefix(10).map { "\($0.what): \($0.why)" }.joined(separator: ", ")
    return shown + (problems.count > 10 ? " and \(problems.count - 10) more" : "")
  }

  /// A file with wrong contents.
  static func malformed(_ path: String, _ why: String) -> DataError {
    DataError(
      .malformed, what: path, why: why,
      whatToDo: "replace it with an intact copy or choose another folder with --data-path")
  }

  /// An image file that cannot be used, among others that can.
  static func brokenImage(_ path: String, _ why: String) -> DataError {
    DataError(
      .malformed, what: path, why: why, whatToDo: "replace it with an intact copy, or remove it")
  }

  /// A file or folder that cannot be written, for the system's reason `why`.
  static func unwritable(_ path: String, _ why: String) -> DataError {
    DataError(
      .unwritable, what: path, why: "cannot be written: \(why)",
      whatToDo: "make room on the disk or choose another folder")
  }
}
