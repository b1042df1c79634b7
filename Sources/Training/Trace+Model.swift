import Models

extension Trace.Description {
  /// The model that the trace is of; throws `ModelError` where its members name none.
  package func model() throws(ModelError) -> Model {
    let sizes = block.split(separator: ",", omittingEmptySubsequences: false)
    let kernels = sizes.compactMap { Int($0) }
    guard kernels.count == sizes.count else {
      throw error("block '\(block)'", "expected sizes such as 3,3")
    }
    switch (family, kernels, width) {
    case (nil, _, _):
      return .wideResNet(
        try WideResNet(
          depth: depth, width: width, blockKernels: kernels, depthRule: .threeLNPlusFour))
    case ("preact-resnet", [1, 3, 1], 1):
      return .preactivationResNet(try PreactivationResNet(depth: depth, hasBottlenecks: true))
    case ("resnet", [3, 3], 1):
      return .resNet(try ResNet(depth: depth, survival: survival ?? 1))
    case ("imagenet-resnet", [3, 3], _), ("imagenet-resnet", [1, 3, 1], _):
      return .imageNetResNet(
        try ImageNetResNet(
          block: kernels.count == 2 ? .basic : .bottleneck, blocks: groups ?? [],
          width: Double(width)))
    default:
      throw error(
        "family '\(family ?? "")' with block \(block) and width \(width)",
        "there are Wide ResNets without a family, preact-resnet with 1,3,1, resnet with 3,3 and "
          + "imagenet-resnet with either")
    }
  }

  private func error(_ what: String, _ why: String) -> ModelError {
    ModelError(what: what, why: why, whatToDo: "make the trace again")
  }
}
