import Models

/// What other programs do differently, undone; each says so in a line.
extension SafeTensors {
  /// What torch.nn.DataParallel and torch.compile put before the names of a model's tensors.
  private static let prefixes = ["module.", "_orig_mod."]

  /// Takes the prefixes off; throws with status 65 where two tensors then have one name.
  mutating func dropPrefixes(file: String) throws(TrainingError) -> [String] {
    var found: Set<String> = []
    var renamed: [String: Tensor] = [:]
    for (name, tensor) in tensors {
      var rest = name[...]
      while let prefix = SafeTensors.prefixes.first(where: { rest.hasPrefix($0) }) {
        rest = rest.dropFirst(prefix.count)
        found.insert(prefix)
      }
      guard renamed.updateValue(tensor, forKey: String(rest)) == nil else {
        throw TrainingError(
          .badData, file, why: "it has '\(rest.prefix(80))' twice, with a prefix and without",
          advice: "give the weights of one model")
      }
    }
    tensors = renamed
    return found.sorted().map { "the names' prefix '\($0)' is taken off" }
  }

  /// Renames tensors that have torchvision's names to `names`, those of the model's.
  mutating func renameFromTorchvision(_ names: [String], of model: Model) -> String? {
    guard tensors["conv1.weight"] != nil else { return nil }
    var isRenamed = false
    for name in names {
      guard let theirs = model.torchvisionName(ofTensor: name), theirs != name,
        tensors[name] == nil, let tensor = tensors.removeValue(forKey: theirs)
      else { continue }
      tensors[name] = tensor
      isRenamed = true
    }
    return isRenamed ? "torchvision's names are taken for those of \(model.name)" : nil
  }

  /// Makes F32 of F16, BF16 and F64.
  mutating func convert() -> [String] {
    var counts: [ElementType: Int] = [:]
    for (name, tensor) in tensors where tensor.type != .f32 {
      guard let values = tensor.convertedFloats else { continue }
      tensors[name] = Tensor(values, shape: tensor.shape)
      counts[tensor.type, default: 0] += 1
    }
    return counts.sorted { $0.key.rawValue < $1.key.rawValue }.map {
      "\($0.value) tensors of \($0.key.rawValue) become F32"
    }
  }
}
