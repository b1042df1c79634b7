import Autotuner
import DeviceRuntime
import Operators

/// The operations of one step or one evaluation, in order, with the tensors between them.
///
/// A plan knows the batch size but no device: memory and configurations come later.
package struct ExecutionPlan: Sendable {
  /// Where a tensor lies.
  package enum Storage: Hashable, Sendable {
    /// In the arena, from its first writer to its last reader.
    case arena
    /// In the arena throughout: the host writes it before a run, and it keeps its values.
    case input
    /// In the arena until after the last operation: the host may read it.
    case output
    /// In the parameter store.
    case parameter(Int)
    case velocity(Int)
    case gradient(Int)
    case state(Int)
    case allParameters
    case allGradients
    case allVelocities
    /// The sum of the gradients over a batch that goes in parts.
    case allGradientSums
    /// A buffer that the caller binds by name: the data set, the metrics.
    case external(String)
  }

  package struct Tensor: Sendable {
    package var name: String
    package var count: Int
    package var element: TensorArgument.Element
    package var storage: Storage
  }

  /// Which part of a step an operation belongs to.
  package enum Phase: String, Sendable, CaseIterable { case forward, backward, update }

  /// When an operation is left out of a step: branches of stochastic depth are drawn each time.
  package enum Condition: Hashable, Sendable {
    /// Only where the branch of this number takes part.
    case survives(Int)
    /// Only where it does not.
    case dropped(Int)
  }

  package struct Step: Sendable {
    package var operation: any OperationInstance
    /// The layer, for example "group0.block0.conv0".
    package var layer: String
    package var phase: Phase
    /// Indices in `tensors` by the operation's own names.
    package var bindings: [String: Int]
    /// Scalars that this step gives itself, for example the layer's number.
    package var scalars: DynamicScalars
    /// Nil for an operation of every step.
    package var condition: Condition?
  }

  package private(set) var tensors: [Tensor] = []
  package private(set) var steps: [Step] = []
  /// The condition of the operations that are appended from now on.
  var condition: Condition?

  package init() {}

  package mutating func tensor(
    _ name: String, count: Int, storage: Storage = .arena,
    element: TensorArgument.Element = .float
  ) -> Int {
    tensors.append(Tensor(name: name, count: count, element: element, storage: storage))
    return tensors.count - 1
  }

  mutating func keepUntilEnd(_ tensor: Int) { tensors[tensor].storage = .output }

  mutating func rename(_ tensor: Int, to name: String) { tensors[tensor].name = name }

  /// Adds an operation; every tensor it names must be bound and of its size.
  package mutating func append<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem, layer: String, phase: Phase,
    _ bindings: [String: Int], scalars: DynamicScalars = [:]
  ) {
    for argument in Operation.tensors(problem) {
      guard let index = bindings[argument.name] else {
        preconditionFailure("\(layer): \(Operation.name) needs '\(argument.name)'")
      }
      precondition(
        tensors[index].count >= argument.count && tensors[index].element == argument.element,
        "\(layer): \(Operation.name) '\(argument.name)' needs \(argument.count), "
          + "\(tensors[index].name) has \(tensors[index].count)")
    }
    steps.append(
      Step(
        operation: Instance(operation, problem), layer: layer, phase: phase, bindings: bindings,
        scalars: scalars, condition: condition))
  }

  /// The first tensor of this name.
  package func index(ofTensor name: String) -> Int? { tensors.firstIndex { $0.name == name } }
}
