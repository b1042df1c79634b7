import Graph

extension SafeTensors {
  /// The numbers of a parameter's tensor in the file's layout; throws when it is missing or of
  /// another type or shape.
  func values(of parameter: Parameter, name: String, file: String) throws(TrainingError) -> [Float]
  {
    guard let tensor = tensors[name] else {
      throw TrainingError(
        .badData, file, why: "it has no tensor '\(name)'",
        advice: "give a checkpoint of the same model")
    }
    guard let values = tensor.floats, tensor.shape == parameter.fileShape else {
      throw TrainingError(
        .badData, file,
        why: "'\(name)' is \(tensor.type.rawValue) \(tensor.shape), expected F32 "
          + "\(parameter.fileShape)",
        advice: "give a checkpoint of the same model")
    }
    return values
  }
}

extension ParameterStore {
  /// Sets every tensor of a kind from a file, whose names begin with `prefix`.
  ///
  /// Nothing is written when one is missing or of another shape.
  func restore(_ kind: Kind, from file: SafeTensors, prefix: String, file name: String) throws {
    let parameters = kind == .state ? network.states : network.parameters
    let values = try parameters.map {
      try file.values(of: $0, name: prefix + $0.name, file: name)
    }
    for (index, tensor) in values.enumerated() { try write(kind, at: index, tensor) }
  }

  /// Adds every tensor of a kind to a file, with `prefix` before its name.
  func save(_ kind: Kind, into file: inout SafeTensors, prefix: String) throws {
    for (parameter, values) in try read(kind) {
      file.tensors[prefix + parameter.name] = SafeTensors.Tensor(
        values, shape: parameter.fileShape)
    }
  }
}
