import Autotuner
import Graph
import Testing

/// Steps that leave branches out; Traces/stochastic-depth-14 has the numbers.
@Suite(.serialized)
struct StochasticDepthTests {
  @Test func droppedBranchHasNoGradientAndKeepsItsStatistics() throws {
    let run = try NetworkRun(TinyNetworks.postactivation(survival: 0.5))
    #expect(run.network.survivals == [0.5, 0.5])
    try run.step()
    #expect(try run.store.read(.gradient).allSatisfy { $0.values.contains { $0 != 0 } })
    let before = try run.store.read(.state)
    try run.step(dropped: [1])
    for (parameter, values) in try run.store.read(.gradient) {
      let isDropped = parameter.name.hasPrefix("block1.")
      #expect((values.contains { $0 != 0 }) == !isDropped, "\(parameter.name)")
    }
    for (old, new) in zip(before, try run.store.read(.state)) {
      let isDropped = old.parameter.name.hasPrefix("block1.")
      #expect((old.values == new.values) == isDropped, "\(old.parameter.name)")
    }
  }

  /// Without its only branches the network is its stem, shortcuts and linear layer.
  @Test func everyBranchCanBeDropped() throws {
    let run = try NetworkRun(TinyNetworks.postactivation(survival: 0.5))
    var network = Network(image: TinyNetworks.image)
    var x = network.convolution(network.input, channels: 16, kernel: 3, name: "conv0")
    x = network.batchNormReLU(x, name: "bn0")
    x = network.paddedShortcut(x, channels: 32, stride: 2, name: "pad")
    let plain = try NetworkRun(TinyNetworks.finished(&network, x))
    for (index, parameter) in plain.network.parameters.enumerated() {
      try plain.store.write(.parameter, at: index, run.parameter(parameter.name))
    }
    try run.step(dropped: [0, 1])
    try plain.step()
    #expect(try run.executor.read("logits") == plain.executor.read("logits"))
    let gradients = Dictionary(
      uniqueKeysWithValues: try run.store.read(.gradient).map { ($0.parameter.name, $0.values) })
    for (parameter, values) in try plain.store.read(.gradient) {
      #expect(gradients[parameter.name] == values, "\(parameter.name)")
    }
  }

  @Test func evaluationHasEveryBranch() throws {
    let network = TinyNetworks.postactivation(survival: 0.5)
    let plan = ExecutionPlan.evaluation(network, batch: 2, source: .host)
    #expect(plan.steps.allSatisfy { $0.condition == nil })
    let shares = plan.steps.compactMap { $0.scalars["share"] }
    #expect(shares == [.float(0.5), .float(0.5)])
  }
}
