import Autotuner
import TestSupport
import Testing

/// Records an issue for each kind of example on which a configuration differs from its reference.
func checkConformance<Operation: TunableOperation>(
  _ operation: Operation.Type, _ problem: Operation.Problem,
  _ configuration: Operation.Configuration, seed: UInt64, on device: TestDevice
) {
  for kind in [ExampleKind.integers, .random] {
    do {
      try ConformanceCase(operation, problem, kind: kind, seed: seed)
        .check(configuration, on: device)
    } catch {
      Issue.record("\(error)")
    }
  }
}
