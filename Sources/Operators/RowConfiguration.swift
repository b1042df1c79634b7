import Autotuner
import DeviceRuntime

/// How a kernel with one work-item for each small piece of work is launched.
package struct RowConfiguration: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Work-items in a group. 1 on a CPU, 64 or 128 on a GPU.
  package var workGroup: Int

  package var description: String { "wg\(workGroup)" }

  var macro: Macro { Macro("WG_X", workGroup) }

  func range(_ items: Int) -> NDRange {
    NDRange(
      groups: NDRange.Size(ceilDivide(items, workGroup)), local: NDRange.Size(workGroup))
  }

  static func candidates(on device: DeviceInfo) -> [RowConfiguration] {
    let sizes = device.kind == .gpu ? [64, 128, 1] : [1, 64]
    return sizes.filter { $0 <= device.maxWorkGroup }.map { RowConfiguration(workGroup: $0) }
  }
}
