import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

@testable import Graph

/// Updates of large parameters during the backward pass.
@Suite(.serialized)
struct UpdateTests {
  /// Two convolutions too large to keep gradients of, one of them behind a sum, among small ones.
  static func network() -> Network {
    var network = Network(image: TinyNetworks.image)
    let x = network.convolution(network.input, channels: 96, kernel: 3, name: "small0")
    var y = network.batchNormReLU(x, name: "bn0")
    y = network.convolution(y, channels: 96, kernel: 3, name: "large0")
    y = network.convolution(network.add(x, y, name: "sum"), channels: 96, kernel: 3, name: "large1")
    y = network.convolution(
      network.batchNormReLU(y, name: "bn1"), channels: 8, kernel: 1, name: "small1")
    return TinyNetworks.finished(&network, y)
  }

  @Test func largeParametersFollowTheirGradients() throws {
    let network = UpdateTests.network()
    let large = network.parameters.indices.filter { !network.keepsGradient(of: $0) }
    #expect(large.map { network.parameters[$0].name } == ["large0.weight", "large1.weight"])

    let run = try NetworkRun(network, optimizer: NetworkRun.optimizer)
    let gradients = try NetworkRun(network)
    var expected = try gradients.store.read(.parameter).map { $0.values.map(Double.init) }
    var velocities = expected.map { $0.map { _ in 0.0 } }
    for number in 0..<3 {
      try run.step(number)
      try gradients.step(number)
      for (index, (_, gradient)) in try gradients.store.read(.gradient).enumerated() {
        let results = SGD.reference(
          NetworkRun.optimizer.problem(count: gradient.count),
          [gradient.map(Double.init), expected[index], velocities[index]],
          scalars: ["learningRate": .float(0.1), "firstStep": .int(number == 0 ? 1 : 0)])
        (expected[index], velocities[index]) = (results[0].values, results[1].values)
        try gradients.store.write(.parameter, at: index, expected[index].map { Float($0) })
      }
    }
    for (kind, values) in [(ParameterStore.Kind.parameter, expected), (.velocity, velocities)] {
      for (tensor, expected) in zip(try run.store.read(kind), values) {
        let error = zip(tensor.values, expected).map { abs(Double($0) - $1) }.max() ?? .nan
        let size = expected.map(abs).max() ?? 0
        #expect(error <= 1e-4 * size, "\(kind) \(tensor.parameter.name): \(error) of \(size)")
      }
    }
  }

  @Test func keepsNoGradientOfLargeParameters() throws {
    let network = UpdateTests.network()
    let run = try NetworkRun(network, optimizer: NetworkRun.optimizer)
    #expect(
      try run.store.read(.gradient).map(\.parameter.name)
        == network.parameters.map(\.name).filter { !$0.hasPrefix("large") })
    let kept = ParameterStore.paddedGradients(
      of: network, for: .training, on: run.store.context.info)
    let all = ParameterStore.paddedCount(of: network, on: run.store.context.info)
    #expect(run.store.gradients?.whole.count == kept && kept <= all - 2 * 96 * 96 * 9)
  }

  /// A step that leaves out a branch updates its parameters, so that their gradients are kept.
  @Test func stochasticDepthKeepsEveryGradient() {
    var network = Network(image: TinyNetworks.image)
    let x = network.convolution(network.input, channels: 96, kernel: 3, name: "conv0")
    let branch = network.branch(survival: 0.5) { network in
      network.convolution(x, channels: 96, kernel: 3, name: "large")
    }
    network = TinyNetworks.finished(&network, network.addReLU(branch, x, name: "add"))
    #expect(network.parameters.indices.allSatisfy { network.keepsGradient(of: $0) })
  }
}
