import ArgumentParser

/// Where a run is kept, and how it goes.
struct RunOptions: ParsableArguments {
  @Option(help: "The folder for log and checkpoints.") var output: String?
  @Flag(help: "Continue from the last checkpoint of the run's folder.") var resume = false
  @Option(parsing: .unconditional, help: "The seed of everything random. Default: 1.")
  var seed: UInt64?
  @Option(
    parsing: .unconditional,
    help: "Train this many times with successive seeds; report the median test error.")
  var runs: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "At most so many images go through the network at once; by default as many as fit.",
      discussion: """
        A larger batch goes in parts whose gradients add up to the batch's; the statistics of \
        batch normalisation are then each part's, not the batch's.
        """,
      valueName: "images"))
  var microBatch: Int?
  @Flag(
    name: .customLong("tensorboard"),
    help: ArgumentHelp(
      "Write event files for TensorBoard into the output folder.",
      discussion: """
        Loss, learning rate and speed of each step, errors and losses of each epoch, histograms of \
        the weights, test images and the options; 'tensorboard --logdir DIR' shows them. A resumed \
        run adds a file.
        """))
  var tensorBoard = false

  func validate() throws {
    if let runs, !(1...1000).contains(runs) { throw ValidationError("--runs must be 1 to 1000") }
    if let microBatch, microBatch < 1 {
      throw ValidationError("--micro-batch must be at least 1")
    }
  }
}
