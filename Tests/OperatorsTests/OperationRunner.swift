import Autotuner
import DeviceRuntime
import Operators
import TestSupport

/// Runs one configuration on `inputs`, the tensors with role input and inputOutput in their order;
/// the result has the outputs and inputOutputs by name.
func run<Operation: TunableOperation>(
  _ operation: Operation.Type, _ problem: Operation.Problem,
  _ configuration: Operation.Configuration, _ inputs: [[Float]], scalars: DynamicScalars = [:],
  on device: TestDevice
) throws -> [String: [Float]] {
  var buffers: [String: any DeviceBuffer] = [:]
  var outputs: [String: Buffer<Float>] = [:]
  var next = 0
  for tensor in Operation.tensors(problem) {
    let buffer = try device.context.makeBuffer(Float.self, count: tensor.count)
    if tensor.role != .output {
      precondition(inputs[next].count == tensor.count, "input \(tensor.name)")
      try buffer.write(inputs[next], on: device.queue)
      next += 1
    }
    if tensor.role != .input { outputs[tensor.name] = buffer }
    buffers[tensor.name] = buffer
  }
  let plan = Operation.plan(problem, configuration)
  for scratch in plan.scratch {
    buffers[scratch.name] = try device.context.makeBuffer(Float.self, count: scratch.count)
  }
  try BoundOperation(
    name: Operation.name, plan: plan, buffers: buffers, context: device.context
  ).enqueue(on: device.queue, scalars: scalars)
  return try outputs.mapValues { try $0.read(on: device.queue) }
}
