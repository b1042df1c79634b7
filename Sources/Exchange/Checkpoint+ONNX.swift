import Graph
import Models
import Operators
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
    model.constants += try weights(file: file).tensors.sorted { $0.key < $1.key }.map {
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
    for node in network.nodes.dropFirst() {
      let isLast = names.count == network.nodes.count - 1
      let output = isLast ? "logits" : node.name
      let inputs = node.inputs.map { names[$0.index] }
      guard append(node, of: network, inputs: inputs, output: output) else {
        throw .unknownLayer(node, file: file)
      }
      names.append(output)
    }
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
        "Conv", node.name, inputs + parameters, output,
        window(kernel: kernel, stride: stride))
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
      add("MaxPool", node.name, inputs, picked, window(kernel: 1, stride: stride))
      let added = node.shape.channels - network.shape(of: node.inputs[0]).channels
      // Zeros before each of N, C, H and W, and behind each.
      constants.append(
        Tensor(
          name: node.name + ".pads", type: .int64, shape: [8],
          bytes: littleEndian([0, 0, 0, 0, 0, Int64(added), 0, 0])))
      add("Pad", node.name + ".pad", [picked, node.name + ".pads"], output)
    case .maxPool(let kernel, let stride):
      add("MaxPool", node.name, inputs, output, window(kernel: kernel, stride: stride))
    case .globalAveragePool: add("GlobalAveragePool", node.name, inputs, output)
    case .linear:
      let flat = node.name + ".flat"
      add("Flatten", flat, inputs, flat, [Attribute(name: "axis", value: .int(1))])
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

  /// Square windows, padded by half their size.
  private func window(kernel: Int, stride: Int) -> [Attribute] {
    [
      Attribute(name: "kernel_shape", value: .ints([kernel, kernel])),
      Attribute(name: "pads", value: .ints([Int](repeating: kernel / 2, count: 4))),
      Attribute(name: "strides", value: .ints([stride, stride])),
    ]
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
