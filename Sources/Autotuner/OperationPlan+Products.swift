import DeviceRuntime

extension OperationPlan {
  /// The name of the scratch memory that CLBlast copies matrices into.
  private static let temporary = "CLBlast's copies"

  /// The same expanded plan with scratch memory for what CLBlast, by `parameters`, copies on a
  /// queue's device: nothing is allocated when it runs.
  package func withProductMemory(
    _ parameters: BLAS.Parameters, on queue: Queue
  ) throws(CLError) -> OperationPlan {
    var result = OperationPlan(scratch: scratch, launches: [])
    var largest = 0
    for launch in launches {
      guard case .product(let product, let a, let b, let c, _) = launch else {
        result.launches.append(launch)
        continue
      }
      var bytes = 0
      var configured = product
      configured.parameters = product.parameters ?? parameters
      for call in try BLAS.calls(configured, on: queue.context.device) {
        bytes = max(bytes, try BLAS.temporaryBytes(call, on: queue))
      }
      result.launches.append(
        .product(
          product, a: a, b: b, c: c, temporary: bytes > 0 ? OperationPlan.temporary : nil))
      largest = max(largest, bytes)
    }
    // One for all: products of a queue run one after the other.
    if largest > 0 {
      result.scratch.append(Scratch(OperationPlan.temporary, count: (largest + 3) / 4))
    }
    return result
  }
}
