import Graph
import Models
import Operators
import Training

extension Checkpoint {
  /// A Python file with the network as a PyTorch module, whose state dict has the names and shapes
  /// of `weights(file:)`.
  ///
  /// `file` names the checkpoint in errors, which have status 65.
  package func pyTorchModule(file: String) throws -> String {
    let network = header.network
    var layers: [String] = []
    var steps: [String] = []
    var names = ["x"]
    for (index, node) in network.nodes.enumerated().dropFirst() {
      let inputs = node.inputs.map { names[$0.index] }
      guard let layer = PyTorchLayer(node, of: network, inputs: inputs) else {
        throw TrainingError.unknownLayer(node, file: file)
      }
      if let construction = layer.construction {
        layers.append("        self.add(\"\(node.name)\", \(construction))")
      }
      names.append(node.name.replacing(".", with: "_"))
      // Side losses are for training here: the module only holds their weights.
      if !network.isSide(index) {
        steps.append("        \(names[names.count - 1]) = \(layer.call)")
      }
    }
    let preparation = try header.preparation
    let image = network.image
    let prepared =
      header.whitening == nil
      ? "return ((pixels.float() - MEAN) / STANDARD_DEVIATION).permute(0, 3, 1, 2)"
      : "raise NotImplementedError(\"the network takes images whitened by its checkpoint's matrix\")"
    return """
      \"\"\"\(header.model.name) for images of \(image), \(network.classes) classes; made by 'widecl export'.

          from safetensors.torch import load_file
          network = Network()
          network.load_state_dict(load_file("weights.safetensors"))
          logits = network.eval()(prepare(pixels))
      \"\"\"
      import torch
      from torch import nn
      from torch.nn import functional as F

      # Of each channel, in pixels of 0 to 255.
      MEAN = torch.tensor(\(preparation["mean"] ?? "[]"))
      STANDARD_DEVIATION = torch.tensor(\(preparation["standard_deviation"] ?? "[]"))
      CLASSES = \(preparation["class_names"] ?? "None")


      def prepare(pixels):
          \"\"\"The input [N, \(image.channels), \(image.height), \(image.width)] from pixels [N, \(image.height), \(image.width), \(image.channels)] of 0 to 255.\"\"\"
          \(prepared)


      class Network(nn.Module):
          def __init__(self):
              super().__init__()
      \(layers.joined(separator: "\n"))

          def add(self, name, layer):
              \"\"\"Registers a layer under a name with dots, each of which is a module's.\"\"\"
              parent = self
              *outer, last = name.split(".")
              for part in outer:
                  if not hasattr(parent, part):
                      parent.add_module(part, nn.Module())
                  parent = getattr(parent, part)
              parent.add_module(last, layer)

          def forward(self, x):
      \(steps.joined(separator: "\n"))
              return \(names[names.count - 1])\(network.nodes.last?.layer == .linear ? "" : ".flatten(1)")

      """
  }
}

/// A layer in PyTorch's words.
private struct PyTorchLayer {
  /// What makes its module; nil for a function without parameters.
  var construction: String?
  /// Its output from its inputs.
  var call: String

  /// Nil for a layer that is not known here.
  init?(_ node: Network.Node, of network: Network, inputs: [String]) {
    let from = node.inputs.first.map { network.shape(of: $0) } ?? node.shape
    let module = "self.\(node.name)(\(inputs.joined(separator: ", ")))"
    switch node.layer {
    case .convolution(let kernel, let stride):
      guard !kernel.isMultiple(of: 2) || stride == 1 else { return nil }
      let padding = kernel.isMultiple(of: 2) ? "\"same\"" : "\(kernel / 2)"
      construction =
        "nn.Conv2d(\(from.channels), \(node.shape.channels), \(kernel), stride=\(stride), "
        + "padding=\(padding), bias=\(network.bias(of: node) == nil ? "False" : "True"))"
      call = module
    case .biasActivation(let activation):
      // The convolution has added the bias.
      call =
        switch activation {
        case .identity: inputs[0]
        case .relu: "F.relu(\(inputs[0]))"
        case .elu: "F.elu(\(inputs[0]))"
        case .sigmoid: "\(inputs[0]).sigmoid()"
        }
    case .batchNorm(let relu, let dropout):
      construction = "nn.BatchNorm2d(\(from.channels), eps=\(batchNormEpsilon))"
      call = relu ? "F.relu(\(module))" : module
      if dropout > 0 { call = "F.dropout(\(call), \(dropout), self.training)" }
    case .add:
      call = inputs.joined(separator: " + ")
    case .addReLU:
      var branch = inputs[0]
      if let number = network.nodes[node.inputs[0].index].branch {
        let survival = network.survivals[number]
        branch = "\(branch) * ((torch.rand(()) < \(survival)) if self.training else \(survival))"
      }
      call = "F.relu(\(branch) + \(inputs[1]))"
    case .paddedShortcut(let stride):
      let zeros = "(0, 0, 0, 0, 0, \(node.shape.channels - from.channels))"
      call = "F.pad(\(inputs[0])[:, :, ::\(stride), ::\(stride)], \(zeros))"
    case .maxPool(let window):
      call = "F.max_pool2d(\(inputs[0]), \(window.arguments))"
    case .averagePool(let window):
      call = "F.avg_pool2d(\(inputs[0]), \(window.arguments), count_include_pad=False)"
    case .globalAveragePool:
      call = "\(inputs[0]).mean((2, 3))"
    case .dropout(let rate):
      call = "F.dropout(\(inputs[0]), \(rate), self.training)"
    case .gate:
      call = "\(inputs[1]) * \(inputs[0]) + (1 - \(inputs[1])) * \(inputs[2])"
    case .maxout(let pieces):
      call = "\(inputs[0]).unflatten(1, (\(pieces), -1)).max(1).values"
    case .linear:
      construction = "nn.Linear(\(from.count), \(node.shape.channels))"
      let isFlat = network.nodes[node.inputs[0].index].layer == .globalAveragePool
      call = isFlat ? module : "self.\(node.name)(\(inputs[0]).flatten(1))"
    default: return nil
    }
  }
}

extension PoolWindow {
  /// Size, stride, padding and how the last pixels count, as PyTorch's pools take them.
  fileprivate var arguments: String {
    "\(kernel), \(stride), \(pad)" + (roundsUp ? ", ceil_mode=True" : "")
  }
}
