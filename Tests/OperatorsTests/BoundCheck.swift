import Autotuner
import DeviceRuntime
import Operators

/// Checks an operation whose tensors and scratch lie side by side in one allocation, as in a run.
struct BoundCheck {
  let queue: Queue
  /// A launch behind the operation's own, which makes its results wrong.
  var sabotage: OperationPlan.Launch?
  var isWhole = false

  /// What is wrong with a configuration; nil where it is right.
  func failure<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration
  ) throws -> String? {
    var plan = try Operation.plan(problem, configuration)
      .expanded(choosing: DefaultChooser(), on: queue.context.info)
      .withProductMemory(.own, on: queue)
    if let sabotage { plan.launches.append(sabotage) }
    let tensors =
      Operation.tensors(problem)
      + plan.scratch.map { TensorArgument($0.name, .output, count: $0.count) }
    let alignment = queue.context.info.baseAlignment
    var places: [Int] = []
    var end = 0
    for tensor in tensors {
      places.append(end)
      end += ceilDivide(tensor.count * tensor.element.size, alignment) * alignment
    }
    let arena = try queue.context.makeBuffer(UInt8.self, count: end)
    var buffers: [String: any DeviceBuffer] = [:]
    for (tensor, place) in zip(tensors, places) {
      buffers[tensor.name] = try arena.part(
        of: tensor.element, byteOffset: place, count: tensor.count)
    }
    let bound = try BoundOperation(
      name: Operation.name, plan: plan, buffers: buffers, context: queue.context)
    let planned = PlannedOperation(
      plan: plan, configuration: configuration.description,
      isExact: Operation.isExact(configuration),
      work: Operation.work(problem, configuration, on: queue.context.info))
    return try OperationCheck(bound, planned, isWhole: isWhole, queue: queue)
      .visit(operation, problem).failure
  }
}
