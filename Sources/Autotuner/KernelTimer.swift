import DeviceRuntime

/// Times configurations of operations on a device, by events.
package struct KernelTimer {
  package let context: Context
  package let queue: Queue

  package init(context: Context, queue: Queue) {
    self.context = context
    self.queue = queue
  }

  /// Seconds of each run of an operation: the sum of its launches' event times.
  ///
  /// Buffers hold random numbers. One warm-up run comes first.
  package func seconds<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration, runs: Int
  ) throws(CLError) -> [Double] {
    var generator = ExampleGenerator(seed: 1)
    var buffers: [String: any DeviceBuffer] = [:]
    for tensor in Operation.tensors(problem) {
      // A period of 4096 values keeps the host's part short; kernels do not see it.
      let size = min(tensor.count, 4096)
      let sample = Operation.exampleInput(
        problem, TensorArgument(tensor.name, tensor.role, count: size, element: tensor.element),
        kind: .random, generator: &generator)
      func values<T>(_ convert: (Double) -> T) -> [T] {
        (0..<tensor.count).map { convert(sample[$0 % size]) }
      }
      switch tensor.element {
      case .float: buffers[tensor.name] = try filled(values { Float($0) })
      case .int: buffers[tensor.name] = try filled(values { Int32($0) })
      case .uint: buffers[tensor.name] = try filled(values { UInt32($0) })
      case .uchar: buffers[tensor.name] = try filled(values { UInt8($0) })
      }
    }
    let plan = Operation.plan(problem, configuration)
    for scratch in plan.scratch {
      buffers[scratch.name] = try context.makeBuffer(Float.self, count: scratch.count)
    }
    let bound = try BoundOperation(
      name: Operation.name, plan: plan, buffers: buffers, context: context)
    let scalars = Operation.exampleScalars(problem)
    try bound.enqueue(on: queue, scalars: scalars)
    try queue.finish()
    var result: [Double] = []
    for _ in 0..<runs {
      let recorder = EventRecorder()
      queue.recorder = recorder
      defer { queue.recorder = nil }
      try bound.enqueue(on: queue, scalars: scalars)
      try queue.finish()
      var seconds = 0.0
      for event in recorder.events {
        let times = try event.times()
        seconds += Double(times.end - times.start) * 1e-9
      }
      result.append(seconds)
    }
    return result
  }

  private func filled<Element: BitwiseCopyable>(
    _ values: [Element]
  ) throws(CLError) -> Buffer<Element> {
    let buffer = try context.makeBuffer(Element.self, count: values.count)
    try buffer.write(values, on: queue)
    return buffer
  }
}
