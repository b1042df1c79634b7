import DeviceRuntime

/// Times configurations of operations on a device, by events.
package struct KernelTimer {
  package let context: Context
  package let queue: Queue

  package init(context: Context, queue: Queue) {
    self.context = context
    self.queue = queue
  }

  /// Seconds of each run of an operation, from the start of its first launch to the end of its
  /// last.
  ///
  /// Buffers hold random numbers. One warm-up run comes first.
  package func seconds<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration, runs: Int
  ) throws(CLError) -> [Double] {
    let bench = try Workbench(operation, problem, queue: queue)
    let candidate = try bench.bind(configuration)
    _ = try bench.seconds(of: candidate)
    var result: [Double] = []
    for _ in 0..<runs { result.append(try bench.seconds(of: candidate)) }
    return result
  }

  /// Seconds of each kernel in one run, by its name, in the order of their first launch.
  package func profile<Operation: TunableOperation>(
    _ operation: Operation.Type, _ problem: Operation.Problem,
    _ configuration: Operation.Configuration
  ) throws(CLError) -> [(kernel: String, seconds: Double)] {
    let bench = try Workbench(operation, problem, queue: queue)
    let candidate = try bench.bind(configuration)
    _ = try bench.seconds(of: candidate)
    var result: [(kernel: String, seconds: Double)] = []
    for launch in try bench.launches(of: candidate) {
      let kernel = launch.name.split(separator: " ").last.map(String.init) ?? launch.name
      if let index = result.firstIndex(where: { $0.kernel == kernel }) {
        result[index].seconds += launch.milliseconds * 1e-3
      } else {
        result.append((kernel, launch.milliseconds * 1e-3))
      }
    }
    return result
  }
}
