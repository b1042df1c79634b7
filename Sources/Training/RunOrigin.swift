import Autotuner
import Foundation

/// How and when a run was begun, for people: it changes nothing of the run.
package struct RunOrigin: Hashable, Sendable {
  /// The command as it was typed.
  package var command: String
  /// The moment, as ISO 8601 writes it.
  package var started: String

  package init(command: String, started: Date) {
    self.command = command
    self.started = started.formatted(.iso8601)
  }

  /// The origin in a run's config.json; nil where it has none.
  init?(recordedIn path: String) {
    guard let bytes = FileManager.default.contents(atPath: path),
      let object = try? JSONDecoder().decode(JSONValue.self, from: bytes),
      case .string(let command)? = object["command"],
      case .string(let started)? = object["started"]
    else { return nil }
    self.command = command
    self.started = started
  }
}
