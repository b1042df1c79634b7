import Autotuner
import DeviceRuntime

/// How a kernel walks over a buffer: each work-item takes runs of elements in a row.
package struct RunConfiguration: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Elements a work-item takes at once: 16 or 64 on a CPU, 1 or 4 on a GPU.
  package var vec: Int
  /// Runs of `vec` elements a work-item takes.
  package var itemN: Int
  /// Work-items in a group: 1 on a CPU, 64...256 on a GPU.
  package var wgX: Int

  package var description: String { "v\(vec)_in\(itemN)_wg\(wgX)" }

  var macros: [Macro] { [Macro("VEC", vec), Macro("ITEM_N", itemN), Macro("WG_X", wgX)] }

  /// Groups over `count` elements.
  func range(_ count: Int) -> NDRange {
    NDRange(
      groups: NDRange.Size(ceilDivide(ceilDivide(count, vec * itemN), wgX)),
      local: NDRange.Size(wgX))
  }

  /// Configurations of kernels that only wait for memory, the safe default first.
  static func candidates(on device: DeviceInfo) -> [RunConfiguration] {
    // A group of a CPU should have 16k elements or more to pay for itself.
    let cpu = [2048, 1024].map { RunConfiguration(vec: 16, itemN: $0, wgX: 1) }
    let gpu = [
      RunConfiguration(vec: 4, itemN: 1, wgX: min(256, device.maxWorkGroup)),
      RunConfiguration(vec: 1, itemN: 1, wgX: min(64, device.maxWorkGroup)),
    ]
    return device.kind == .gpu ? gpu + cpu : cpu + gpu
  }
}
