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

  /// The origin in the config.json of a run's folder; nil where it has none.
  init?(recordedIn folder: String) {
    guard let configuration = try? RunConfiguration(folder: folder),
      let command = configuration.command, let started = configuration.started
    else { return nil }
    self.command = command
    self.started = started
  }
}
