import Autotuner
import DeviceRuntime
import Graph
import Operators
import Testing

@Suite(.serialized)
struct ForwardPassTests {
  private func forwardSteps(_ network: Network, _ mode: PlanMode) -> [ExecutionPlan.Step] {
    let plan: ExecutionPlan =
      mode == .evaluation
      ? .evaluation(network, batch: 2, source: .host)
      : .training(network, batch: 2, source: .host, optimizer: nil, on: .planning)
    return plan.steps.filter { $0.phase == .forward }
  }

  @Test(arguments: [PlanMode.training, .evaluation])
  func lastConvolutionOfEachBlockAddsTheShortcut(mode: PlanMode) {
    let steps = forwardSteps(TinyNetworks.wideResNet(), mode)
    #expect(!steps.contains { $0.operation.name == Add.name })
    let adding = steps.filter { $0.bindings["residual"] != nil }
    #expect(
      adding.map(\.layer) == ["group0.block0.conv1", "group1.block0.conv1", "group2.block0.conv1"])
    #expect(adding.allSatisfy { $0.operation.name == Conv2DForward.name })
  }

  @Test func onlyAConvolutionWithoutOtherUsersAdds() {
    let steps = forwardSteps(TinyNetworks.entangled(), .training)
    #expect(
      steps.filter { $0.operation.name == Add.name }.map(\.layer)
        == ["sum", "b used twice", "again", "all"])
    #expect(steps.allSatisfy { $0.bindings["residual"] == nil })
    let twice = forwardSteps(TinyNetworks.withoutNormalization(), .training)
    #expect(twice.filter { $0.operation.name == Add.name }.map(\.layer) == ["twice"])
  }

  /// Only what goes through a ReLU before a convolution, and nowhere else, is normalised in it;
  /// what has no ReLU in the sum behind it.
  @Test(arguments: [PlanMode.training, .evaluation])
  func postactivationNormalizesWhereItIsRead(mode: PlanMode) {
    let steps = forwardSteps(TinyNetworks.postactivation(), mode)
    let apart = steps.filter { $0.operation.name == BatchNormReLUForward.name }
    #expect(apart.map(\.layer) == ["bn0"])
    let summed = steps.filter { $0.operation.name == BatchNormAddReLUForward.name }
    #expect(summed.map(\.layer) == ["block0.add", "block1.add"])
    let fused = steps.filter { $0.bindings["gamma"] != nil && $0.bindings["w"] != nil }
    #expect(fused.map(\.layer) == ["block0.conv1", "block1.conv1"])
    #expect(!steps.contains { $0.operation.name == Add.name || $0.bindings["residual"] != nil })
  }

  @Test func normalizationWithoutReLUIsNotFused() {
    var network = Network(image: TinyNetworks.image)
    let x = network.batchNorm(
      network.convolution(network.input, channels: 8, kernel: 3, name: "a"), name: "bn")
    let y = network.convolution(x, channels: 8, kernel: 3, name: "b")
    let steps = forwardSteps(TinyNetworks.finished(&network, y), .training)
    #expect(steps.contains { $0.operation.name == BatchNormReLUForward.name && $0.layer == "bn" })
  }

  @Test func normalizationWithTwoUsersIsNoPartOfASum() {
    var network = Network(image: TinyNetworks.image)
    let x = network.convolution(network.input, channels: 8, kernel: 3, name: "a")
    let y = network.batchNorm(x, name: "bn")
    let first = network.addReLU(y, x, name: "first")
    let second = network.addReLU(y, first, name: "second")
    let third = network.addReLU(second, second, name: "third")
    let steps = forwardSteps(TinyNetworks.finished(&network, third), .training)
    #expect(
      steps.filter { $0.operation.name == AddReLUForward.name }.map(\.layer)
        == ["first", "second", "third"])
    #expect(!steps.contains { $0.operation.name == BatchNormAddReLUForward.name })
  }

  @Test func convolutionThatComesFirstWaitsForNothing() {
    var network = Network(image: TinyNetworks.image)
    let a = network.convolution(network.input, channels: 3, kernel: 3, name: "a")
    let b = network.batchNormReLU(network.input, name: "b")
    let finished = TinyNetworks.finished(&network, network.add(a, b, name: "sum"))
    let steps = forwardSteps(finished, .training)
    #expect(steps.contains { $0.operation.name == Add.name && $0.layer == "sum" })
  }

  private enum Operand: CaseIterable { case first, second, sum, reversed }

  /// Logits of a linear layer behind two branches or the sum of them; its bias is 0.
  private func logits(_ operand: Operand, normalized: Bool) throws -> [Float] {
    var network = Network(image: TinyNetworks.image)
    let x = network.convolution(network.input, channels: 8, kernel: 3, name: "x")
    var branches = ["a", "b"].map {
      network.convolution(x, channels: 8, kernel: 3, name: $0)
    }
    if normalized {
      branches = branches.enumerated().map { network.batchNormReLU($1, name: "bn\($0)") }
    }
    let end =
      switch operand {
      case .first: branches[0]
      case .second: branches[1]
      case .sum: network.add(branches[0], branches[1], name: "sum")
      case .reversed: network.add(branches[1], branches[0], name: "sum")
      }
    let run = try NetworkRun(TinyNetworks.finished(&network, end), mode: .evaluation)
    try run.step()
    return try run.executor.read("logits")
  }

  @Test(arguments: [true, false])
  func sumIsTheSumOfItsOperands(normalized: Bool) throws {
    let first = try logits(.first, normalized: normalized)
    let second = try logits(.second, normalized: normalized)
    let sum = try logits(.sum, normalized: normalized)
    #expect(first.contains { abs($0) > 0.01 } && second.contains { abs($0) > 0.01 })
    for index in sum.indices {
      #expect(abs(sum[index] - first[index] - second[index]) < 1e-5)
    }
    #expect(try logits(.reversed, normalized: normalized) == sum)
  }
}
