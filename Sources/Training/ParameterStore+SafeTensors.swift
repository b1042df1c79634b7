import Graph

extension SafeTensors {
  /// The numbers of a parameter's tensor in the file's layout; throws when it is missing or of
  /// another type or shape.
  func values(
    of parameter: Parameter, name: String, file: String,
    advice: String = "give a checkpoint of the same model"
  ) throws(TrainingError) -> [Float] {
    guard let tensor = tensors[name] else {
      throw TrainingError(
        .badData, file, why: "it has no tensor '\(name)'", advice: advice)
    }
    guard let values = tensor.floats, tensor.shape == parameter.fileShape else {
      throw TrainingError(
        .badData, file,
        why: "'\(name)' is \(tensor.type.rawValue) \(tensor.shape), expected F32 "
          + "\(parameter.fileShape)",
        advice: advice)
    }
    return values
  }

  /// Throws when the tensor of a parameter is missing or of another type or shape.
  func check(_ parameters: [Parameter], prefix: String, file: String) throws(TrainingError) {
    for parameter in parameters {
      _ = try values(of: parameter, name: prefix + parameter.name, file: file)
    }
  }
}

extension ParameterStore {
  /// Throws when a tensor of a kind is missing in a file or of another type or shape.
  func check(_ kind: Kind, in tensors: SafeTensors, prefix: String, file: String) throws {
    try tensors.check(descriptions(kind), prefix: prefix, file: file)
  }

  /// Sets every tensor of a kind from a file, whose names begin with `prefix`.
  func restore(_ kind: Kind, from tensors: SafeTensors, prefix: String, file: String) throws {
    for (index, parameter) in descriptions(kind).enumerated() {
      try write(
        kind, at: index, tensors.values(of: parameter, name: prefix + parameter.name, file: file))
    }
  }

  /// Adds every tensor of a kind to a file, with `prefix` before its name.
  func save(_ kind: Kind, into file: inout SafeTensors, prefix: String) throws {
    for (parameter, values) in try read(kind) {
      file.tensors[prefix + parameter.name] = SafeTensors.Tensor(
        values, shape: parameter.fileShape)
    }
  }
}
