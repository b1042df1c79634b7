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
    let bound = try bind(operation, problem, configuration)
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

  /// The operation bound to buffers of random numbers.
  private func bind<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration
  ) throws(CLError) -> BoundOperation {
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
    return try BoundOperation(
      name: Operation.name, plan: plan, buffers: buffers, context: context)
  }

  /// Seconds of each kernel in one run, by its name, in the order of their first launch.
  package func profile<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration
  ) throws(CLError) -> [(kernel: String, seconds: Double)] {
    let bound = try bind(operation, problem, configuration)
    let scalars = Operation.exampleScalars(problem)
    try bound.enqueue(on: queue, scalars: scalars)
    try queue.finish()
    let recorder = EventRecorder()
    queue.recorder = recorder
    defer { queue.recorder = nil }
    try bound.enqueue(on: queue, scalars: scalars)
    try queue.finish()
    var result: [(kernel: String, seconds: Double)] = []
    for event in recorder.events {
      let times = try event.times()
      let seconds = Double(times.end - times.start) * 1e-9
      let kernel = event.name.split(separator: " ").last.map(String.init) ?? event.name
      if let index = result.firstIndex(where: { $0.kernel == kernel }) {
        result[index].seconds += seconds
      } else {
        result.append((kernel, seconds))
      }
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
