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
    let image = ImageShape(
      height: data.test.height, width: data.test.width, channels: data.test.channels)
    guard image == header.image, data.classes == header.classes else {
      throw TrainingError(
        .badData, file,
        why: "it was trained on \(header.image) with \(header.classes) classes, \(data.name) has "
          + "\(image) with \(data.classes)",
        advice: "give the data set it was trained on, \(header.data)")
    }
    let queue = try context.makeQueue()
    let network = header.model.network(image: image, classes: header.classes)
    let store = try ParameterStore(network: network, context: context, queue: queue)
    try restore(into: store, velocities: false, file: file)
    let evaluator = try Evaluator(
      data.test, mean: header.mean, standardDeviation: header.standardDeviation, batch: batch,
      store: store, chooser: chooser)
    guard let metrics = try evaluator.evaluate() else {
      preconditionFailure("an evaluation that nothing stops")
    }
    return metrics
  }
}
