import DeviceRuntime

extension OperationPlan {
  /// The same plan with the launches of nested operations in the places of these, as `chooser`
  /// configures them on `device`: what can be bound.
  package func expanded(
    choosing chooser: any ConfigurationChooser, on device: DeviceInfo
  ) -> OperationPlan {
    var result = OperationPlan(scratch: scratch, launches: [])
    for (index, launch) in launches.enumerated() {
      guard case .nested(let operation, let renaming) = launch else {
        result.launches.append(launch)
        continue
      }
      let inner = operation.plan(choosing: chooser, on: device).plan
      // No other nested operation has this place, and no plan's own names have blanks.
      var names = renaming
      for item in inner.scratch {
        let name = "\(index) \(operation.name) \(item.name)"
        names[item.name] = name
        result.scratch.append(Scratch(name, count: item.count))
      }
      result.launches += inner.launches.map { $0.renamed { names[$0] ?? $0 } }
    }
    return result
  }

  /// Gives a buffer another name wherever a launch uses it.
  package mutating func rename(_ old: String, to new: String) {
    launches = launches.map { $0.renamed { $0 == old ? new : $0 } }
  }

  /// The nested operations, in the order of their launches.
  var nested: [any OperationInstance] {
    launches.compactMap { if case .nested(let operation, _) = $0 { operation } else { nil } }
  }
}

extension OperationPlan.Launch {
  fileprivate func renamed(_ name: (String) -> String) -> OperationPlan.Launch {
    switch self {
    case .kernel(var kernel):
      kernel.arguments = kernel.arguments.map {
        if case .buffer(let buffer) = $0 { .buffer(name(buffer)) } else { $0 }
      }
      return .kernel(kernel)
    case .product(let product, let a, let b, let c, let temporary):
      return .product(
        product, a: name(a), b: name(b), c: name(c), temporary: temporary.map(name))
    case .nested(let operation, let renaming):
      let names = operation.tensors.map { ($0.name, name(renaming[$0.name] ?? $0.name)) }
      return .nested(operation, renaming: Dictionary(uniqueKeysWithValues: names))
    }
  }
}
