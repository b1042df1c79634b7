import Autotuner
import DeviceRuntime
import Operators
import TestSupport

/// Runs one configuration on `inputs`, the tensors with role input and inputOutput in their order;
/// the result has the outputs and inputOutputs by name, after as many launches as `times` says.
func run<Operation: TunableOperation>(
  _ operation: Operation.Type, _ problem: Operation.Problem,
  _ configuration: Operation.Configuration, _ inputs: [[Float]], scalars: DynamicScalars = [:],
  times: Int = 1, on device: TestDevice
) throws -> [String: [Float]] {
  var buffers: [String: any DeviceBuffer] = [:]
  var outputs: [String: () throws -> [Float]] = [:]
  var next = 0

  func add<Element: ExampleElement>(_ tensor: TensorArgument, of type: Element.Type) throws {
    let buffer = try device.context.makeBuffer(Element.self, count: tensor.count)
    if tensor.role != .output {
      precondition(inputs[next].count == tensor.count, "input \(tensor.name)")
      try buffer.write(inputs[next].map { Element($0) }, on: device.queue)
      next += 1
    }
    if tensor.role != .input {
      outputs[tensor.name] = { try buffer.read(on: device.queue).map { $0.float } }
    }
    buffers[tensor.name] = buffer
  }

  for tensor in Operation.tensors(problem) {
    switch tensor.element {
    case .float: try add(tensor, of: Float.self)
    case .int: try add(tensor, of: Int32.self)
    case .uint: try add(tensor, of: UInt32.self)
    case .uchar: try add(tensor, of: UInt8.self)
    }
  }
  let plan = try Operation.plan(problem, configuration)
    .expanded(choosing: DefaultChooser(), on: device.context.info)
    .withProductMemory(.own, on: device.queue)
  for scratch in plan.scratch {
    buffers[scratch.name] = try device.context.makeBuffer(Float.self, count: scratch.count)
  }
  let bound = try BoundOperation(
    name: Operation.name, plan: plan, buffers: buffers, context: device.context)
  for _ in 0..<times { try bound.enqueue(on: device.queue, scalars: scalars) }
  return try outputs.mapValues { try $0() }
}

/// What tensors are made of.
private protocol ExampleElement: BitwiseCopyable {
  init(_ value: Float)
  var float: Float { get }
}

extension Float: ExampleElement { fileprivate var float: Float { self } }
extension Int32: ExampleElement { fileprivate var float: Float { Float(self) } }
extension UInt32: ExampleElement { fileprivate var float: Float { Float(self) } }
extension UInt8: ExampleElement { fileprivate var float: Float { Float(self) } }
