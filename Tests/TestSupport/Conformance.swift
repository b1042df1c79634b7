import Autotuner

extension ConformanceCase {
  /// Runs one configuration on a test's device and compares every output with the reference.
  package func check(
    _ configuration: Operation.Configuration, on device: TestDevice
  ) throws {
    try check(configuration, on: device.queue)
  }
}
