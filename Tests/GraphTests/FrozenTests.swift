import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

@testable import Graph

/// Parameters that training leaves as they are.
@Suite(.serialized)
struct FrozenTests {
  private static func gradients(of network: Network) throws -> [String: [Float]] {
    let run = try NetworkRun(network)
    try run.step()
    return Dictionary(
      uniqueKeysWithValues: try run.store.read(.gradient).map { ($0.parameter.name, $0.values) })
  }

  @Test(arguments: [["group0"], ["conv0", "group0"], ["group1", "fc"], ["conv0"]])
  func theOthersGradientsAreTheSame(groups: [String]) throws {
    let network = TinyNetworks.wideResNet()
    let (all, some) = (
      try Self.gradients(of: network), try Self.gradients(of: network.freezing(groups))
    )
    #expect(all.count == network.parameters.count)
    let left = network.parameters.map(\.name).filter { name in
      !groups.contains { name.hasPrefix($0 + ".") }
    }
    #expect(some.keys.sorted() == left.sorted())
    for name in left { #expect(some[name] == all[name], "\(name)") }
  }

  /// Several steps with weight decay and momentum, in one update and with large parameters'.
  @Test(arguments: [false, true])
  func frozenParametersKeepTheirBits(isLarge: Bool) throws {
    let network = isLarge ? UpdateTests.network() : TinyNetworks.wideResNet()
    let groups = isLarge ? ["large0", "bn0", "fc"] : ["conv0", "group1"]
    let run = try NetworkRun(network.freezing(groups), optimizer: NetworkRun.optimizer)
    let before = try run.store.read(.parameter)
    for number in 0..<3 { try run.step(number) }
    for (old, new) in zip(before, try run.store.read(.parameter)) {
      let isFrozen = groups.contains { new.parameter.name.hasPrefix($0 + ".") }
      #expect((old.values == new.values) == isFrozen, "\(new.parameter.name)")
    }
  }

  /// What lies in front of everything trained needs no backward pass.
  @Test func theBackwardPassEndsWhereNothingIsTrained() throws {
    let network = TinyNetworks.wideResNet()
    let device = DeviceInfo.planning
    func layers(_ network: Network) -> Set<String> {
      Set(
        ExecutionPlan.training(
          network, batch: 2, source: .host, optimizer: NetworkRun.optimizer, on: device
        ).steps.filter { $0.phase == .backward }.map(\.layer))
    }
    let all = layers(network)
    let last = layers(network.freezing(network.groups.filter { $0 != "fc" }))
    #expect(all.contains { $0.hasPrefix("group0") } && last.contains("fc"))
    #expect(last.isSubset(of: all) && !last.contains { $0.hasPrefix("group") || $0 == "conv0" })
  }

  @Test func groupsAreTheFirstWordsOfNames() {
    let network = TinyNetworks.wideResNet()
    #expect(network.groups.first == "conv0" && network.groups.last == "fc")
    #expect(network.head.map { network.parameters[$0].name } == ["fc.weight", "fc.bias"])
    #expect(network.freezing([]).frozen.isEmpty)
  }
}
