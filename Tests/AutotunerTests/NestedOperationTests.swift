import DeviceRuntime
import Testing

@testable import Autotuner

/// Operations that launch other operations.
struct NestedOperationTests {
  private struct Count: Hashable, Codable, Sendable, CustomStringConvertible {
    var count: Int
    var description: String { "\(count)" }
  }

  private struct Group: Hashable, Codable, Sendable, CustomStringConvertible {
    var size: Int
    var description: String { "\(size)" }
  }

  /// y = x through "half", by groups as large as the device allows.
  private enum Inner: TunableOperation {
    static var name: String { "inner" }
    static var exampleProblems: [Count] { [] }

    static func tensors(_ problem: Count) -> [TensorArgument] {
      [
        TensorArgument("x", .input, count: problem.count),
        TensorArgument("y", .output, count: problem.count),
      ]
    }

    static func candidates(for problem: Count, on device: DeviceInfo) -> [Group] {
      [Group(size: device.maxWorkGroup), Group(size: 1)]
    }

    static func plan(_ problem: Count, _ configuration: Group) -> OperationPlan {
      OperationPlan(
        scratch: [OperationPlan.Scratch("half", count: problem.count)],
        launches: [
          launch("first", ["x", "half"], group: configuration.size),
          launch("second", ["half", "y"], group: configuration.size),
        ])
    }

    static func cost(_ problem: Count) -> Cost { Cost(flops: 1, bytes: 1) }
    static func reference(
      _ problem: Count, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
    ) -> [ReferenceOutput] { [] }
  }

  /// y = x through `Inner` once, or twice with "middle" between.
  private enum Outer: TunableOperation {
    static var name: String { "outer" }
    static var exampleProblems: [Count] { [] }
    static func tensors(_ problem: Count) -> [TensorArgument] { Inner.tensors(problem) }

    static func candidates(for problem: Count, on device: DeviceInfo) -> [Group] {
      [Group(size: 1), Group(size: 2)]
    }

    static func plan(_ problem: Count, _ configuration: Group) -> OperationPlan {
      let inner = Instance(Inner.self, problem)
      guard configuration.size == 2 else {
        return OperationPlan(launches: [.nested(inner, renaming: [:])])
      }
      return OperationPlan(
        scratch: [
          OperationPlan.Scratch("half", count: 7), OperationPlan.Scratch("middle", count: 3),
        ],
        launches: [
          .nested(inner, renaming: ["y": "middle"]), launch("own", ["middle", "half"], group: 1),
          .nested(inner, renaming: ["x": "half"]),
        ])
    }

    static func cost(_ problem: Count) -> Cost { Cost(flops: 1, bytes: 1) }
    static func reference(
      _ problem: Count, _ inputs: [ReferenceInput], _ scalars: DynamicScalars
    ) -> [ReferenceOutput] { [] }
  }

  /// Chooses the last candidates.
  private struct Last: ConfigurationChooser {
    func configuration<Operation: TunableOperation>(
      for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo
    ) -> Operation.Configuration {
      guard let last = Operation.candidates(for: problem, on: device).last else {
        preconditionFailure("no candidate")
      }
      return last
    }
  }

  private static func launch(
    _ name: String, _ buffers: [String], group: Int
  ) -> OperationPlan.Launch {
    .kernel(
      OperationPlan.KernelLaunch(
        source: name, entryPoint: name, macros: [],
        range: NDRange(groups: NDRange.Size(1), local: NDRange.Size(group)),
        arguments: buffers.map { .buffer($0) }))
  }

  /// Each launch's entry point, work-group and buffers.
  private func texts(_ plan: OperationPlan) -> [String] {
    plan.launches.map { launch in
      guard case .kernel(let kernel) = launch else { return "not expanded" }
      let buffers = kernel.arguments.map { if case .buffer(let name) = $0 { name } else { "" } }
      return "\(kernel.entryPoint)/\(kernel.range.local.product): "
        + buffers.joined(separator: ", ")
    }
  }

  @Test("nested launches are the chooser's, for the device that runs them")
  func configuration() {
    var device = DeviceInfo.madeUp()
    device.maxWorkGroup = 32
    let instance = Instance(Outer.self, Count(count: 5))
    let first = instance.plan(choosing: DefaultChooser(), on: device)
    #expect(
      texts(first.plan) == ["first/32: x, 0 inner half", "second/32: 0 inner half, y"])
    #expect(first.plan.scratch == [OperationPlan.Scratch("0 inner half", count: 5)])
    let last = instance.plan(choosing: Last(), on: device)
    #expect(
      texts(last.plan) == [
        "first/1: x, 0 inner half", "second/1: 0 inner half, middle", "own/1: middle, half",
        "first/1: half, 2 inner half", "second/1: 2 inner half, y",
      ])
    #expect(
      last.plan.scratch.map(\.name) == ["half", "middle", "0 inner half", "2 inner half"])
    #expect(instance.nested(choosing: DefaultChooser(), on: device).map(\.name) == ["inner"])
    #expect(instance.nested(choosing: Last(), on: device).map(\.name) == ["inner", "inner"])
  }

  @Test("a name given later reaches into nested operations")
  func renaming() {
    var plan = Outer.plan(Count(count: 5), Group(size: 2))
    plan.rename("x", to: "elsewhere")
    plan.rename("middle", to: "centre")
    let expanded = plan.expanded(choosing: Last(), on: .madeUp())
    #expect(
      texts(expanded) == [
        "first/1: elsewhere, 0 inner half", "second/1: 0 inner half, centre",
        "own/1: centre, half", "first/1: half, 2 inner half", "second/1: 2 inner half, y",
      ])
  }
}
