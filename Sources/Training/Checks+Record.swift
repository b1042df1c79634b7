import Autotuner
import DeviceRuntime
import Files
import Graph

extension Checks {
  /// Puts what took the place of wrong configurations into the file of a run's configurations.
  ///
  /// `isBegun` says whether the run has made steps with others.
  package func amend(
    _ record: String, of chooser: TunedChooser, isBegun: Bool, on info: DeviceInfo
  ) throws {
    guard !replacements.isEmpty else { return }
    var results = chooser.merged
    for entry in replacements { results.replace(with: [entry], on: info) }
    try AtomicFile.write([results.json], to: record)
    if isBegun {
      report(
        "the run goes on with other configurations, which sum in another order: its bits are not "
          + "those of a run that began with them; \(record) has the new ones")
    }
  }
}
