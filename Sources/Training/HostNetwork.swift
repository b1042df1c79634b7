import Autotuner
import Graph
import Operators

/// A network that the host evaluates by the double-precision references, layer by layer.
///
/// It shares no plan, no kernel and no fusion of layers with the device's path.
package struct HostNetwork: Sendable {
  private let network: Network
  /// Parameters and running statistics in the device's layouts.
  private let parameters: [[Double]]
  private let states: [[Double]]

  /// The checkpoint's network; `file` names the checkpoint in errors.
  package init(_ checkpoint: Checkpoint, file: String) throws(TrainingError) {
    network = checkpoint.header.network
    func values(_ tensors: [Parameter]) throws(TrainingError) -> [[Double]] {
      var result: [[Double]] = []
      for tensor in tensors {
        let stored = try checkpoint.tensors.values(of: tensor, name: tensor.name, file: file)
        result.append(tensor.deviceOrder(fromFile: stored).map(Double.init))
      }
      return result
    }
    parameters = try values(network.parameters)
    states = try values(network.states)
  }

  /// The output [H, W, C] of each layer for one input [H, W, C], which is the first; empty for what
  /// only training has.
  package func outputs(of input: [Double]) -> [[Double]] {
    var outputs = [input]
    for (index, node) in network.nodes.enumerated().dropFirst() {
      outputs.append(network.isSide(index) ? [] : output(of: node, outputs))
    }
    return outputs
  }

  private func output(of node: Network.Node, _ outputs: [[Double]]) -> [Double] {
    let inputs = node.inputs.map { outputs[$0.index] }
    let from = network.shape(of: node.inputs[0])
    let count = node.shape.count
    func value<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem, _ inputs: [[Double]],
      _ scalars: DynamicScalars = [:]
    ) -> [Double] {
      Operation.reference(problem, inputs, scalars: scalars)[0].values
    }
    func parameter(_ position: Int) -> [Double] { parameters[node.parameters[position]] }
    func pool(_ window: PoolWindow) -> PoolShape {
      PoolShape(
        batch: 1, inHeight: from.height, inWidth: from.width, channels: from.channels,
        window: window)
    }
    switch node.layer {
    case .input: preconditionFailure("the input is the first layer only")
    case .convolution(let kernel, let stride):
      let shape = Conv2DShape(
        batch: 1, inHeight: from.height, inWidth: from.width, inChannels: from.channels,
        outChannels: node.shape.channels, kernel: kernel, stride: stride)
      return value(
        Conv2DForward.self, Conv2DForward.Problem(shape: shape), [inputs[0], parameter(0)])
    case .batchNorm(let relu, _):
      return value(
        BatchNormReLUForward.self,
        BatchNormReLUForward.Problem(
          rows: from.height * from.width, channels: from.channels, relu: relu, inference: true),
        [
          inputs[0], states[node.states[0]], states[node.states[1]], parameter(0), parameter(1),
        ])
    case .add: return value(Add.self, Add.Problem(count: count), inputs)
    case .addReLU:
      let branch = network.nodes[node.inputs[0].index].branch
      return value(
        AddReLUForward.self, ElementCount(count: count), inputs,
        ["share": .float(Float(branch.map { network.survivals[$0] } ?? 1))])
    case .paddedShortcut(let stride):
      return value(
        PaddedShortcutForward.self,
        PaddedShortcutProblem(
          batch: 1, inHeight: from.height, inWidth: from.width, inChannels: from.channels,
          outChannels: node.shape.channels, stride: stride), inputs)
    case .maxPool(let window):
      return value(
        MaxPoolForward.self, MaxPoolProblem(shape: pool(window), withWinners: false), inputs)
    case .averagePool(let window): return value(AveragePoolForward.self, pool(window), inputs)
    case .globalAveragePool:
      return value(
        GlobalAveragePoolForward.self,
        GlobalAveragePoolProblem(
          batch: 1, pixels: from.height * from.width, channels: from.channels), inputs)
    case .biasActivation(let activation):
      return value(
        BiasActivationForward.self,
        BiasActivationProblem(
          rows: from.height * from.width, channels: from.channels,
          activation: activation.operation), [inputs[0], parameter(0)])
    case .dropout: return inputs[0]
    case .gate: return value(GateForward.self, ElementCount(count: count), inputs)
    case .maxout(let pieces):
      return value(
        MaxoutForward.self,
        MaxoutProblem(
          rows: from.height * from.width, pieces: pieces, channels: node.shape.channels,
          withWinners: false), inputs)
    case .linear:
      return value(
        LinearForward.self,
        LinearProblem(batch: 1, inputs: from.count, outputs: node.shape.channels),
        [inputs[0], parameter(0), parameter(1)])
    }
  }
}
