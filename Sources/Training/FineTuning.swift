import Datasets
import Graph
import Models
import Spelling

/// What a run starts from instead of drawn numbers, and what of it is not trained.
package struct FineTuning: Codable, Hashable, Sendable {
  /// The file of the weights.
  package var weights: String
  /// Whether the last layer starts from drawn numbers all the same, for other classes.
  package var newHead: Bool
  /// The groups of parameters that stay as they are: "conv0", "group0", ...
  package var freeze: [String]

  package init(weights: String, newHead: Bool, freeze: [String]) {
    self.weights = weights
    self.newHead = newHead
    self.freeze = freeze
  }

  /// Throws with status 64 where the network has no such groups, nothing is left to train, or there
  /// is no linear layer at its end to begin anew.
  package func check(_ network: Network, name: String) throws(TrainingError) {
    if let unknown = freeze.first(where: { !network.groups.contains($0) }) {
      throw TrainingError(
        .usage, "--freeze",
        why: "\(name) has no '\(unknown)'\(Spelling.question(unknown, among: network.groups))",
        advice: "name some of \(network.groups.joined(separator: ", "))")
    }
    guard Set(freeze).count < network.groups.count else {
      throw TrainingError(
        .usage, "--freeze", why: "nothing is left to train", advice: "leave out 'fc'")
    }
    guard !newHead || !network.head.isEmpty else {
      throw TrainingError(
        .usage, "--new-head", why: "\(name) does not end with a linear layer",
        advice: "give another --model")
    }
  }

  /// Reads the weights for a model; throws with status 65 or 66 where they are not its.
  package func read(for model: Model) throws -> ForeignWeights {
    try ForeignWeights(
      contentsOf: weights, model: model, acceptsCheckpoints: true, needsHead: !newHead)
  }
}

extension ForeignWeights {
  /// The data set with its labels as the weights' last layer means them; throws with status 65 where
  /// that is for other classes.
  package func fitted(
    _ data: Dataset, note: (String) -> Void
  ) throws(TrainingError) -> Dataset {
    guard let classes else { return data }
    let known = KnownClasses(
      names: classNames, count: classes, data: tensors.metadata["data"], file: file)
    do throws(TrainingError) { return try known.matched(data, note: note) } catch {
      throw TrainingError(
        .badData, file, why: error.why, advice: "train a last layer of its own with --new-head")
    }
  }

  /// Sets all of a store's tensors but those that the file does not have to have.
  ///
  /// Throws with status 65 for one of another shape, or with a number that is not finite.
  func start(_ store: ParameterStore) throws {
    let head = Set(classes == nil ? store.network.head : [])
    for kind in [ParameterStore.Kind.parameter, .state] {
      for (index, parameter) in store.descriptions(kind).enumerated() {
        if kind == .parameter && head.contains(index) { continue }
        try store.write(kind, at: index, values(of: parameter))
      }
    }
  }

  /// A parameter's numbers; throws as `start` does.
  func values(of parameter: Parameter) throws(TrainingError) -> [Float] {
    let values = try tensors.values(
      of: parameter, name: parameter.name, file: file,
      advice: "give the --model and --data that the file is of")
    guard values.allSatisfy(\.isFinite) else {
      throw TrainingError(
        .badData, file, why: "'\(parameter.name)' has numbers that are not finite",
        advice: "give weights of a training that did not fail")
    }
    return values
  }
}
