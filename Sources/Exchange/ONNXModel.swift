import Protobuf

/// A model in ONNX's own terms, as far as residual networks need them; `message` encodes it.
struct ONNXModel {
  /// One operation.
  struct Node: Hashable {
    /// ONNX's name of it, such as "Conv".
    var operation: String
    var name: String
    var inputs: [String]
    var output: String
    var attributes: [Attribute] = []
  }

  /// A named constant of an operation.
  struct Attribute: Hashable {
    enum Value: Hashable {
      case float(Float)
      case int(Int)
      case ints([Int])
    }

    var name: String
    var value: Value
  }

  /// The numbers of element types in onnx.proto.
  enum ElementType: Int {
    case float = 1
    case int64 = 7
  }

  /// A constant tensor.
  struct Tensor {
    var name: String
    var type = ElementType.float
    var shape: [Int]
    /// Little-endian, the last dimension contiguous.
    var bytes: [UInt8]
  }

  /// A tensor of floats that is an input or an output.
  struct Value: Hashable {
    enum Extent: Hashable {
      case fixed(Int)
      /// Any extent, the same wherever the name stands.
      case free(String)
    }

    var name: String
    var shape: [Extent]
  }

  /// The version of the operations' definitions.
  static let operations = 17
  /// The version of the file format that came with them.
  static let format = 8

  var name: String
  var nodes: [Node] = []
  var constants: [Tensor] = []
  var inputs: [Value] = []
  var outputs: [Value] = []
  /// Texts that any program can read, in this order.
  var metadata: [(key: String, value: String)] = []

  /// The model as onnx.proto's ModelProto, whose field numbers these are.
  var message: ProtobufMessage {
    var operatorSet = ProtobufMessage()
    operatorSet.add(1, "")
    operatorSet.add(2, Self.operations)
    var model = ProtobufMessage()
    model.add(1, Self.format)
    model.add(2, "widecl")
    model.add(7, graph)
    model.add(8, operatorSet)
    for (key, value) in metadata {
      var entry = ProtobufMessage()
      entry.add(1, key)
      entry.add(2, value)
      model.add(14, entry)
    }
    return model
  }

  private var graph: ProtobufMessage {
    var graph = ProtobufMessage()
    for node in nodes { graph.add(1, node.message) }
    graph.add(2, name)
    for tensor in constants { graph.add(5, tensor.message) }
    for input in inputs { graph.add(11, input.message) }
    for output in outputs { graph.add(12, output.message) }
    return graph
  }
}

extension ONNXModel.Node {
  fileprivate var message: ProtobufMessage {
    var node = ProtobufMessage()
    for input in inputs { node.add(1, input) }
    node.add(2, output)
    node.add(3, name)
    node.add(4, operation)
    for attribute in attributes { node.add(5, attribute.message) }
    return node
  }
}

extension ONNXModel.Attribute {
  fileprivate var message: ProtobufMessage {
    var attribute = ProtobufMessage()
    attribute.add(1, name)
    switch value {
    case .float(let number):
      attribute.add(2, number)
      attribute.add(20, 1)
    case .int(let number):
      attribute.add(3, number)
      attribute.add(20, 2)
    case .ints(let numbers):
      for number in numbers { attribute.add(8, number) }
      attribute.add(20, 7)
    }
    return attribute
  }
}

extension ONNXModel.Tensor {
  fileprivate var message: ProtobufMessage {
    var tensor = ProtobufMessage()
    for extent in shape { tensor.add(1, extent) }
    tensor.add(2, type.rawValue)
    tensor.add(8, name)
    tensor.add(9, bytes)
    return tensor
  }
}

extension ONNXModel.Value {
  fileprivate var message: ProtobufMessage {
    var extents = ProtobufMessage()
    for extent in shape {
      var dimension = ProtobufMessage()
      switch extent {
      case .fixed(let number): dimension.add(1, number)
      case .free(let name): dimension.add(2, name)
      }
      extents.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, ONNXModel.ElementType.float.rawValue)
    tensor.add(2, extents)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var value = ProtobufMessage()
    value.add(1, name)
    value.add(2, type)
    return value
  }
}
