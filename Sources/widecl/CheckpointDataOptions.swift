import ArgumentParser
import Datasets

/// The data set that a checkpoint is used on, and which class is which.
struct CheckpointDataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The data set, as 'widecl train' takes it; by default that of the run.", valueName: "name"))
  var data: String?
  @Option(help: "The folder it lies in; the run's, or searched for, by default.")
  var dataPath: String?
  @Option(
    help: ArgumentHelp(
      "Which class of the checkpoint each class of the data set is, where names differ.",
      discussion: """
        A line 'data-name = checkpoint-name' for each, or a JSON object of such pairs. Classes of \
        the same name need no line.
        """, valueName: "file"))
  var classMap: String?

  /// Whether none is given.
  var areDefault: Bool { data == nil && dataPath == nil && classMap == nil }
}
