import Autotuner
import DeviceRuntime
import Foundation
import Graph
import Models

/// Another engine's training run, step by step: start, batches, losses, end.
///
/// A folder with `init.safetensors`, `batches.safetensors` (`images` [S, B, C, H, W], `labels`
/// [S, B]), `trace.json` and, where parameters are to be compared, `final.safetensors`.
package struct Trace {
  /// The numbers of `trace.json`.
  package struct Description: Decodable {
    /// "preact-resnet" for one with bottlenecks, "resnet", "imagenet-resnet"; nil for a Wide
    /// ResNet.
    package var family: String?
    package var depth: Int
    package var width: Int
    package var block: String
    /// Blocks of each group, of the family "imagenet-resnet".
    package var groups: [Int]?
    /// The probability that the last block survives, with stochastic depth.
    package var survival: Double?
    /// The blocks that each step leaves out, with stochastic depth.
    package var dropped: [[Int]]?
    package var classes: Int
    package var channels: Int
    package var size: Int
    package var batch: Int
    package var steps: Int
    package var lr: Double
    package var dropout: Double?
    package var losses: [Double]
    package var evalLogits: [[Double]]

    enum CodingKeys: String, CodingKey {
      case family, depth, width, block, groups, classes, channels, size, batch, steps, lr, dropout
      case losses, survival, dropped
      case evalLogits = "eval_logits_of_first_batch"
    }
  }

  /// How far a replay is from the trace.
  package struct Comparison: Encodable {
    package var steps: Int
    package var losses: [Double]
    package var expected: [Double]
    package var maxRelativeLossError: Double
    package var maxLogitError: Double
    /// Of the parameters and running statistics after the last step; nil without the file.
    package var maxParameterError: Double?
    package var passed: Bool

    enum CodingKeys: String, CodingKey {
      case steps, losses, expected, passed
      case maxRelativeLossError = "max_relative_loss_error"
      case maxLogitError = "max_logit_error"
      case maxParameterError = "max_parameter_error"
    }
  }

  package let description: Description
  private let folder: String
  private let network: Network
  private let start: SafeTensors
  private let images: [Float]
  private let labels: [Int32]
  private let end: SafeTensors?

  /// Reads a folder; throws `TrainingError` for a missing or damaged file.
  ///
  /// `network` is for a trace of one that no model's name stands for.
  package init(folder: String, of network: Network? = nil) throws {
    self.folder = folder
    let path = folder + "/trace.json"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw TrainingError(
        .missingFile, path, why: "no such file", advice: "give the folder of a trace")
    }
    do {
      description = try JSONDecoder().decode(Description.self, from: data)
    } catch {
      throw TrainingError(
        .badData, path, why: "not the description of a trace",
        advice: "make it with another engine again")
    }
    func bad(_ file: String, _ why: String) -> TrainingError {
      TrainingError(
        .badData, "\(folder)/\(file)", why: why, advice: "make the trace again")
    }
    let d = description
    guard
      [d.classes, d.channels, d.size, d.batch, d.steps].allSatisfy({ (1...4096).contains($0) }),
      d.losses.count == d.steps, d.evalLogits.count == d.batch,
      d.evalLogits.allSatisfy({ $0.count == d.classes })
    else { throw bad("trace.json", "its sizes contradict each other") }
    guard d.dropout ?? 0 == 0 else {
      throw bad("trace.json", "it uses dropout, whose random numbers no other engine shares")
    }
    let model: Model?
    do { model = network == nil ? try d.model() : nil } catch {
      throw bad("trace.json", "\(error.what): \(error.why)")
    }
    let image = ImageShape(height: d.size, width: d.size, channels: d.channels)
    guard let resolved = network ?? model?.network(image: image, classes: d.classes),
      resolved.classes == d.classes
    else { throw bad("trace.json", "it has other classes than the network") }
    self.network = resolved
    guard d.dropped?.count ?? d.steps == d.steps,
      (d.survival ?? 1) < 1 || d.dropped == nil,
      d.dropped?.joined().allSatisfy({ resolved.survivals.indices.contains($0) }) ?? true
    else { throw bad("trace.json", "it drops blocks that the model does not have") }
    start = try SafeTensors(contentsOf: folder + "/init.safetensors")
    let batches = try SafeTensors(contentsOf: folder + "/batches.safetensors")
    guard let images = batches.tensors["images"], let pixels = images.floats,
      images.shape == [d.steps, d.batch, d.channels, d.size, d.size],
      let labels = batches.tensors["labels"], let numbers = labels.int32s,
      labels.shape == [d.steps, d.batch],
      numbers.allSatisfy({ (0..<Int32(d.classes)).contains($0) })
    else { throw bad("batches.safetensors", "images or labels are missing or of another shape") }
    self.images = pixels
    self.labels = numbers
    let final = folder + "/final.safetensors"
    end =
      FileManager.default.fileExists(atPath: final) ? try SafeTensors(contentsOf: final) : nil
  }

  /// Trains from the trace's start on its batches and compares.
  ///
  /// `tolerance` is the relative error that a loss may have.
  package func replay(
    on context: Context, chooser: any ConfigurationChooser = DefaultChooser(),
    tolerance: Double = 1e-5
  ) throws -> Comparison {
    let d = description
    let queue = try context.makeQueue()
    let store = try ParameterStore(
      network: network, for: .training, context: context, queue: queue)
    try store.restore(.parameter, from: start, prefix: "", file: "\(folder)/init.safetensors")
    try store.restore(.state, from: start, prefix: "", file: "\(folder)/init.safetensors")
    let metrics = try MetricsBuffer(context: context, queue: queue)
    let external = ["metrics": metrics.buffer as any DeviceBuffer]
    let optimizer = Optimizer(momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 5e-4)
    let training = try Executor(
      .training(
        network, batch: d.batch, source: .host, optimizer: optimizer,
        on: context.info),
      store: store, external: external, chooser: chooser)
    var losses: [Double] = []
    for step in 0..<d.steps {
      try write(batch: step, to: training)
      try training.enqueue(
        scalars: StepScalars(
          first: 0, valid: d.batch, seed: 0, step: step, learningRate: d.lr, firstStep: step == 0
        ).values, dropped: Set(d.dropped?[step] ?? []))
      losses.append(try training.read("losses").reduce(0) { $0 + Double($1) } / Double(d.batch))
    }
    let evaluation = try Executor(
      .evaluation(network, batch: d.batch, source: .host), store: store, external: external,
      chooser: chooser)
    try write(batch: 0, to: evaluation)
    try evaluation.enqueue(scalars: StepScalars(first: 0, valid: d.batch, seed: 0, step: 0).values)
    let logits = try evaluation.read("logits").map(Double.init)
    let lossError = largest(zip(losses, d.losses).map { abs($0 - $1) / abs($1) })
    let logitError = largest(zip(logits, d.evalLogits.joined()).map { abs($0 - $1) })
    return Comparison(
      steps: d.steps, losses: losses, expected: d.losses, maxRelativeLossError: lossError,
      maxLogitError: logitError, maxParameterError: try parameterError(store),
      passed: lossError <= tolerance && logitError <= 10 * tolerance)
  }

  private func write(batch: Int, to executor: Executor) throws {
    let d = description
    let size = d.batch * d.channels * d.size * d.size
    let planar = images[batch * size..<(batch + 1) * size]
    let pixels = d.size * d.size
    var interleaved = [Float](repeating: 0, count: size)
    for (index, value) in planar.enumerated() {
      let (image, rest) = index.quotientAndRemainder(dividingBy: d.channels * pixels)
      let (channel, pixel) = rest.quotientAndRemainder(dividingBy: pixels)
      interleaved[(image * pixels + pixel) * d.channels + channel] = value
    }
    try executor.write("images", interleaved)
    try executor.write("labels", Array(labels[batch * d.batch..<(batch + 1) * d.batch]))
  }

  private func parameterError(_ store: ParameterStore) throws -> Double? {
    guard let end else { return nil }
    var errors: [Double] = []
    for kind in [ParameterStore.Kind.parameter, .state] {
      for (parameter, values) in try store.read(kind) {
        let expected = try end.values(
          of: parameter, name: parameter.name, file: "\(folder)/final.safetensors")
        errors.append(largest(zip(values, expected).map { Double(abs($0 - $1)) }))
      }
    }
    return largest(errors)
  }

  /// The largest number; infinite where one is not a number.
  private func largest(_ values: [Double]) -> Double {
    values.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
  }
}
