import DeviceRuntime

/// An operation with its problem, whatever their types: what graphs and benchmarks hold.
package protocol OperationInstance: Sendable {
  var name: String { get }
  var problemText: String { get }
  var tensors: [TensorArgument] { get }
  var cost: Cost { get }

  /// The launches with the configuration that `chooser` picks, nested operations expanded.
  func plan(
    choosing chooser: any ConfigurationChooser, on device: DeviceInfo
  ) -> PlannedOperation

  /// The operations nested in that configuration's launches, and in theirs.
  func nested(
    choosing chooser: any ConfigurationChooser, on device: DeviceInfo
  ) -> [any OperationInstance]

  /// Gives the types back to code that needs them.
  func accept<Visitor: OperationVisitor>(_ visitor: Visitor) throws -> Visitor.Output
}

/// An operation's launches with one configuration.
package struct PlannedOperation: Sendable {
  package var plan: OperationPlan
  /// The configuration's text.
  package var configuration: String
  /// Whether the configuration rounds no more than a plain sum does.
  package var isExact: Bool
  package var work: Work

  package init(plan: OperationPlan, configuration: String, isExact: Bool, work: Work) {
    self.plan = plan
    self.configuration = configuration
    self.isExact = isExact
    self.work = work
  }
}

/// Code that runs over operations of any type.
package protocol OperationVisitor {
  associatedtype Output

  func visit<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem
  ) throws -> Output
}

/// Picks how an operation is computed on a device.
package protocol ConfigurationChooser: Sendable {
  func configuration<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo
  ) -> Operation.Configuration

  /// The next one where some are found wrong on the device; nil where no other is left.
  func configuration<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo,
    besides wrong: Set<Operation.Configuration>
  ) -> Operation.Configuration?
}

extension ConfigurationChooser {
  package func configuration<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo,
    besides wrong: Set<Operation.Configuration>
  ) -> Operation.Configuration? {
    Operation.candidates(for: problem, on: device).first { !wrong.contains($0) }
  }
}

/// The first candidate of each operation: the default that runs on every device.
package struct DefaultChooser: ConfigurationChooser {
  package init() {}

  package func configuration<Operation: TunableOperation>(
    for operation: Operation.Type, _ problem: Operation.Problem, on device: DeviceInfo
  ) -> Operation.Configuration {
    guard let first = Operation.candidates(for: problem, on: device).first else {
      preconditionFailure("\(Operation.name) has no configuration for \(problem)")
    }
    return first
  }
}

/// An operation type with one of its problems.
package struct Instance<Operation: TunableOperation>: OperationInstance {
  package let problem: Operation.Problem

  package init(_ operation: Operation.Type, _ problem: Operation.Problem) {
    self.problem = problem
  }

  package var name: String { Operation.name }
  package var problemText: String { problem.description }
  package var tensors: [TensorArgument] { Operation.tensors(problem) }
  package var cost: Cost { Operation.cost(problem) }

  package func plan(
    choosing chooser: any ConfigurationChooser, on device: DeviceInfo
  ) -> PlannedOperation {
    let configuration = chooser.configuration(for: Operation.self, problem, on: device)
    return PlannedOperation(
      plan: Operation.plan(problem, configuration).expanded(choosing: chooser, on: device),
      configuration: configuration.description, isExact: Operation.isExact(configuration),
      work: Operation.work(problem, configuration, on: device))
  }

  package func nested(
    choosing chooser: any ConfigurationChooser, on device: DeviceInfo
  ) -> [any OperationInstance] {
    let configuration = chooser.configuration(for: Operation.self, problem, on: device)
    return Operation.plan(problem, configuration).nested.flatMap {
      [$0] + $0.nested(choosing: chooser, on: device)
    }
  }

  package func accept<Visitor: OperationVisitor>(_ visitor: Visitor) throws -> Visitor.Output {
    try visitor.visit(Operation.self, problem)
  }
}
