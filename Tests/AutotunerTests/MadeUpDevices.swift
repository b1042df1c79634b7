import DeviceRuntime

@testable import Autotuner

extension DeviceInfo {
  /// A device for look-ups, which run on none.
  static func madeUp(
    _ name: String = "cpu", driver: String = "1", platform: String = "pocl",
    kind: DeviceKind = .cpu,
    vendor: String = "maker", width: Int = 16
  ) -> DeviceInfo {
    var info = DeviceInfo.planning
    info.name = name
    info.driver = driver
    info.platform = platform
    info.kind = kind
    info.vendor = vendor
    info.nativeFloatWidth = width
    // A core as the processors have that shipped results are from: a space is as wide as a core.
    info.vectorRegisters = width >= 16 ? 32 : 16
    info.level2Cache = 1 << 20
    info.localMemory = 1 << 20
    info.computeUnits = 2
    return info
  }
}

extension TuningDatabase {
  /// A database of results for `SquareOperation`.
  init(
    _ results: [(DeviceInfo, count: Int, SquareOperation.Configuration, seconds: Double)]
  ) throws {
    self.init()
    for (info, count, configuration, seconds) in results {
      guard
        let entry = TuningEntry(
          SquareOperation.self, SquareOperation.Problem(count: count), configuration,
          seconds: seconds, isComplete: true)
      else { preconditionFailure("no JSON") }
      replace(with: [entry], on: info)
    }
  }
}
