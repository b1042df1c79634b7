import Graph
import Models
import Operators
import Protobuf
import Training

extension Checkpoint {
  /// The bytes of an ONNX file that evaluates the checkpoint's network.
  ///
  /// Its input "images" is [N, C, H, W] with any N, prepared as its metadata say, its output
  /// "logits" [N, classes]. `file` names the checkpoint in errors, which have status 65.
  package func onnx(file: String) throws -> [[UInt8]] {
    let message = try onnxModel(file: file).message
    guard message.count <= Int(Int32.max) else {
      throw TrainingError(
        .badData, file, why: "as ONNX it has \(message.count) bytes, a file may have 2 GiB",
        advice: "export it with --format torch")
    }
    return message.pieces
  }

  func onnxModel(file: String) throws -> ONNXModel {
    let network = header.network
    var model = ONNXModel(name: header.model.name)
    try model.append(network, file: file)
    let unused = Set(network.sideParameters)
    model.constants += try weights(file: file).tensors.sorted { $0.key < $1.key }.filter {
      !unused.contains($0.key)
    }.map {
      ONNXModel.Tensor(name: $0.key, shape: $0.value.shape, bytes: $0.value.bytes)
    }
    model.metadata = try header.preparation.sorted { $0.key < $1.key }
    return model
  }
}

extension ONNXModel {
  /// Adds a network's layers, with its parameters' names, its input and its output.
  fileprivate mutating func append(_ network: Network, file: String) throws(TrainingError) {
    var names = ["images"]
    for (index, node) in network.nodes.enumerated().dropFirst() {
      guard !network.isSide(index) else {
        names.append("")  // which nothing reads
        continue
      }
      let isLogits = names.count == network.nodes.count - 1 && node.layer == .linear
      let output = isLogits ? "logits" : node.name
      let inputs = node.inputs.map { names[$0.index] }
      guard append(node, of: network, inputs: inputs, output: output) else {
        throw .unknownLayer(node, file: file)
      }
      names.append(output)
    }
    if let last = names.last, last != "logits" { flatten(last, to: "logits") }
    let image = network.image
    inputs = [
      Value(
        name: names[0],
        shape: [
          .free("batch"), .fixed(image.channels), .fixed(image.height), .fixed(image.width),
        ])
    ]
    outputs = [Value(name: "logits", shape: [.free("batch"), .fixed(network.classes)])]
  }

  /// Adds what computes a layer; false for one that is not known here.
  private mutating func append(
    _ node: Network.Node, of network: Network, inputs: [String], output: String
  ) -> Bool {
    let parameters = node.parameters.map { network.parameters[$0].name }
    switch node.layer {
    case .convolution(let kernel, let stride):
      add(
        "Conv", node.name, inputs + parameters + (network.bias(of: node).map { [$0] } ?? []),
        output, window(kernel: kernel, stride: stride, (kernel - 1) / 2, kernel / 2, kernel / 2))
    case .biasActivation(let activation):
      // The convolution has added the bias.
      let operation =
        switch activation {
        case .identity: "Identity"
        case .relu: "Relu"
        case .elu: "Elu"
        case .sigmoid: "Sigmoid"
        }
      add(operation, node.name, inputs, output)
    case .batchNorm(let relu, _):
      let normalized = relu ? node.name + ".normalized" : output
      add(
        "BatchNormalization", node.name,
        inputs + parameters + node.states.map { network.states[$0].name }, normalized,
        [Attribute(name: "epsilon", value: .float(batchNormEpsilon))])
      if relu { add("Relu", node.name + ".relu", [normalized], output) }
    case .add: add("Add", node.name, inputs, output)
    case .addReLU:
      var branch = inputs[0]
      if let number = network.nodes[node.inputs[0].index].branch {
        // A branch of stochastic depth counts by the probability that it took part.
        constants.append(
          Tensor(
            name: node.name + ".survival", shape: [],
            bytes: littleEndian([Float(network.survivals[number])])))
        branch = node.name + ".branch"
        add("Mul", branch, [inputs[0], node.name + ".survival"], branch)
      }
      let sum = node.name + ".sum"
      add("Add", node.name, [branch, inputs[1]], sum)
      add("Relu", node.name + ".relu", [sum], output)
    case .paddedShortcut(let stride):
      // Windows of one pixel pick every stride-th one.
      let picked = node.name + ".picked"
      add("MaxPool", node.name, inputs, picked, window(kernel: 1, stride: stride, 0, 0, 0))
      let added = node.shape.channels - network.shape(of: node.inputs[0]).channels
      // Zeros before each of N, C, H and W, and behind each.
      constants.append(
        Tensor(
          name: node.name + ".pads", type: .int64, shape: [8],
          bytes: littleEndian([0, 0, 0, 0, 0, Int64(added), 0, 0])))
      add("Pad", node.name + ".pad", [picked, node.name + ".pads"], output)
    case .maxPool(let pool):
      add("MaxPool", node.name, inputs, output, window(pool, of: node, in: network))
    case .averagePool(let pool):
      add("AveragePool", node.name, inputs, output, window(pool, of: node, in: network))
    case .globalAveragePool: add("GlobalAveragePool", node.name, inputs, output)
    case .dropout: add("Identity", node.name, inputs, output)
    case .gate:
      let (difference, share) = (node.name + ".difference", node.name + ".share")
      add("Sub", difference, [inputs[0], inputs[2]], difference)
      add("Mul", share, [inputs[1], difference], share)
      add("Add", node.name, [inputs[2], share], output)
    case .maxout(let pieces):
      let (shape, split) = (node.name + ".shape", node.name + ".split")
      // Zero keeps the number of images.
      let extents = [0, pieces, node.shape.channels, node.shape.height, node.shape.width]
      constants.append(
        Tensor(
          name: shape, type: .int64, shape: [extents.count],
          bytes: littleEndian(extents.map(Int64.init))))
      add("Reshape", split, inputs + [shape], split)
      add(
        "ReduceMax", node.name, [split], output,
        [Attribute(name: "axes", value: .ints([1])), Attribute(name: "keepdims", value: .int(0))])
    case .linear:
      let flat = node.name + ".flat"
      flatten(inputs[0], to: flat)
      add(
        "Gemm", node.name, [flat] + parameters, output,
        [Attribute(name: "transB", value: .int(1))])
    default: return false
    }
    return true
  }

  private mutating func add(
    _ operation: String, _ name: String, _ inputs: [String], _ output: String,
    _ attributes: [Attribute] = []
  ) {
    nodes.append(
      Node(
        operation: operation, name: name, inputs: inputs, output: output, attributes: attributes))
  }

  private mutating func flatten(_ input: String, to output: String) {
    add("Flatten", output, [input], output, [Attribute(name: "axis", value: .int(1))])
  }

  /// Square windows, with padding before the image, below it and to its right.
  private func window(
    kernel: Int, stride: Int, _ before: Int, _ below: Int, _ right: Int
  ) -> [Attribute] {
    [
      Attribute(name: "kernel_shape", value: .ints([kernel, kernel])),
      Attribute(name: "pads", value: .ints([before, before, below, right])),
      Attribute(name: "strides", value: .ints([stride, stride])),
    ]
  }

  /// A pool's windows, padded as far as the last hangs over the edge.
  private func window(
    _ pool: PoolWindow, of node: Network.Node, in network: Network
  ) -> [Attribute] {
    let from = network.shape(of: node.inputs[0])
    func overhang(_ outputs: Int, _ size: Int) -> Int {
      max(0, (outputs - 1) * pool.stride + pool.kernel - pool.pad - size)
    }
    return window(
      kernel: pool.kernel, stride: pool.stride, pool.pad,
      overhang(node.shape.height, from.height), overhang(node.shape.width, from.width))
  }
}

extension Network {
  /// The names of the parameters that only side losses use.
  fileprivate var sideParameters: [String] {
    nodes.indices.filter(isSide).flatMap { nodes[$0].parameters }.map { parameters[$0].name }
  }

  /// The name of the bias that stands behind a convolution; nil for none.
  func bias(of convolution: Node) -> String? {
    let name = convolution.name + ".bias"
    return parameters.contains { $0.name == name } ? name : nil
  }
}

/// Both supported architectures are little-endian.
private func littleEndian<Element: BitwiseCopyable>(_ values: [Element]) -> [UInt8] {
  values.withUnsafeBytes { Array($0) }
}

/// What the engine adds to variances.
let batchNormEpsilon = BatchNormReLUForward.Problem(rows: 1, channels: 1).epsilon

extension TrainingError {
  /// A layer that another program's format does not have, or that is not written for it yet.
  static func unknownLayer(_ node: Network.Node, file: String) -> TrainingError {
    TrainingError(
      .badData, file,
      why: "its layer '\(node.name)' (\(node.layer)) cannot be exported in this form",
      advice: "choose another --format, or leave out --module")
  }
}
