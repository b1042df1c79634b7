import Autotuner
import Datasets
import DeviceRuntime
import Graph
import Models

extension Checkpoint {
  /// Loss and error of the checkpoint's network on a data set's test images.
  ///
  /// `file` names the checkpoint in errors. Throws with status 65 when the data do not fit it.
  package func evaluate(
    on data: Dataset, file: String, batch: Int, context: Context,
    chooser: any ConfigurationChooser = DefaultChooser()
  ) throws -> Metrics {
    let image = ImageShape(of: data.test)
    guard image == header.image, data.classes == header.classes else {
      throw TrainingError(
        .badData, file,
        why: "it was trained on \(header.image) with \(header.classes) classes, \(data.name) has "
          + "\(image) with \(data.classes)",
        advice: "give the data set it was trained on, \(header.data)")
    }
    let network = header.network
    // A header may claim any network; memory is taken for one whose tensors are there.
    try tensors.check(network.parameters + network.states, prefix: "", file: file)
    let images = try header.whitening.map { try data.test.whitened(by: $0) } ?? data.test
    var task = TrainingMemory.Task(
      network: network, batches: [], evaluationBatch: min(batch, max(1, data.test.count)))
    task.testSource = ImageSource(images, augmentation: .none)
    task.images = DeviceDataset.allocations(for: images, areWhitened: images.values != nil)
    // The running statistics make the batch's size matter to memory and speed only.
    let memory = try TrainingMemory.fitting(task, on: context, chooser: chooser)
    let queue = try context.makeQueue()
    let store = try ParameterStore(
      network: network, for: .evaluation, context: context, queue: queue)
    try restore(into: store, velocities: false, file: file)
    let evaluator = try Evaluator(
      images, mean: header.mean, standardDeviation: header.standardDeviation,
      batch: memory.microBatch, store: store, chooser: chooser)
    guard let metrics = try evaluator.evaluate() else {
      preconditionFailure("an evaluation that nothing stops")
    }
    return metrics
  }
}
