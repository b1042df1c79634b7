import Autotuner
import Datasets
import DeviceRuntime
import Graph
import Models

extension Checkpoint {
  /// Loss and error of the checkpoint's network on a data set's test images.
  ///
  /// `file` names the checkpoint in errors. Throws with status 65 when the data do not fit it. Image
  /// files are turned as those of the training were.
  ///
  /// `results`, where given, gets what the network answers to each image.
  package func evaluate(
    on data: Dataset, file: String, batch: Int, context: Context,
    chooser: any ConfigurationChooser, checks: Checks?, results: inout TestResults?
  ) throws -> Metrics {
    let data = try header.fitted(data, file: file)
      .handling(header.orientation ?? .ignored)
    let network = header.network
    // A header may claim any network; memory is taken for one whose tensors are there.
    try tensors.check(network.parameters + network.states, prefix: "", file: file)
    let images = try header.whitening.map { try data.test.whitened(by: $0) } ?? data.test
    var task = TrainingMemory.Task(
      network: network, batches: [], evaluationBatch: min(batch, max(1, data.test.count)))
    task.testSource = ImageSource(images, augmentation: .none)
    task.images = DeviceDataset.allocations(for: images, areWhitened: images.values != nil)
    let evaluator = try Checks.checked(
      checks, on: context, chooser: chooser, executors: { [$0.executor] }
    ) { chooser in
      // The running statistics make the batch's size matter to memory and speed only.
      let memory = try TrainingMemory.fitting(task, on: context, chooser: chooser)
      return try Evaluator(
        images, mean: header.mean, standardDeviation: header.standardDeviation,
        batch: memory.microBatch,
        store: ParameterStore(
          network: network, for: .evaluation, context: context, queue: context.makeQueue()),
        chooser: chooser)
    }
    try evaluator.load()
    try restore(into: evaluator.executor.store, velocities: false, file: file)
    guard let metrics = try evaluator.evaluate(results: &results) else {
      preconditionFailure("an evaluation that nothing stops")
    }
    return metrics
  }

  /// Loss and error of the checkpoint's network on a data set's test images.
  package func evaluate(
    on data: Dataset, file: String, batch: Int, context: Context,
    chooser: any ConfigurationChooser = DefaultChooser(), checks: Checks? = nil
  ) throws -> Metrics {
    var results: TestResults?
    return try evaluate(
      on: data, file: file, batch: batch, context: context, chooser: chooser, checks: checks,
      results: &results)
  }
}
