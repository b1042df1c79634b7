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
    model.constants = try weights(file: file).tensors.sorted { $0.key < $1.key }.map {
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
      guard let nodes = Self.nodes(for: node, of: network, inputs: inputs, output: output)
      else { throw .unknownLayer(node, file: file) }
      self.nodes += nodes
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

  /// What computes a layer; nil for one that is not known here.
  private static func nodes(
    for node: Network.Node, of network: Network, inputs: [String], output: String
  ) -> [Node]? {
    let parameters = node.parameters.map { network.parameters[$0].name }
    let states = node.states.map { network.states[$0].name }
    func single(
      _ operation: String, _ constants: [String] = [], _ attributes: [Attribute] = []
    ) -> [Node] {
      [
        Node(
          operation: operation, name: node.name, inputs: inputs + constants, output: output,
          attributes: attributes)
      ]
    }
    func window(_ kernel: Int, _ stride: Int) -> [Attribute] {
      [
        Attribute(name: "kernel_shape", value: .ints([kernel, kernel])),
        Attribute(name: "pads", value: .ints([Int](repeating: kernel / 2, count: 4))),
        Attribute(name: "strides", value: .ints([stride, stride])),
      ]
    }
    /// A layer with a ReLU behind it.
    func rectified(
      _ operation: String, _ constants: [String] = [], _ attributes: [Attribute] = []
    ) -> [Node] {
      let between = node.name + ".before_relu"
      return [
        Node(
          operation: operation, name: node.name, inputs: inputs + constants, output: between,
          attributes: attributes),
        Node(operation: "Relu", name: node.name + ".relu", inputs: [between], output: output),
      ]
    }
    let epsilon = [Attribute(name: "epsilon", value: .float(batchNormEpsilon))]
    // In stochastic depth's evaluation branches count by their chance to survive.
    guard node.branch == nil else { return nil }
    switch node.layer {
    case .convolution(let kernel, let stride):
      return single("Conv", parameters, window(kernel, stride))
    case .batchNorm(relu: true, _):
      return rectified("BatchNormalization", parameters + states, epsilon)
    case .batchNorm(relu: false, _):
      return single("BatchNormalization", parameters + states, epsilon)
    case .add: return single("Add")
    case .addReLU: return rectified("Add")
    case .maxPool(let kernel, let stride): return single("MaxPool", [], window(kernel, stride))
    case .globalAveragePool: return single("GlobalAveragePool")
    case .linear:
      let flat = node.name + ".flat"
      return [
        Node(
          operation: "Flatten", name: flat, inputs: inputs, output: flat,
          attributes: [Attribute(name: "axis", value: .int(1))]),
        Node(
          operation: "Gemm", name: node.name, inputs: [flat] + parameters, output: output,
          attributes: [Attribute(name: "transB", value: .int(1))]),
      ]
    default: return nil
    }
  }
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
