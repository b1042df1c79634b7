import Autotuner
import DeviceRuntime

/// How a kernel whose work-items take whole rows is launched.
package struct RowConfiguration: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Elements of a row a work-item takes at once: 16 on a CPU, 1 on a GPU.
  package var vec: Int
  /// Rows a work-item takes.
  package var itemM: Int
  /// Work-items in a group: 1 on a CPU, 64...256 on a GPU.
  package var wgX: Int

  package var description: String { "v\(vec)_im\(itemM)_wg\(wgX)" }

  var macros: [Macro] { [Macro("VEC", vec), Macro("ITEM_M", itemM), Macro("WG_X", wgX)] }

  /// Groups over `rows`.
  func range(_ rows: Int) -> NDRange {
    NDRange(
      groups: NDRange.Size(ceilDivide(ceilDivide(rows, itemM), wgX)), local: NDRange.Size(wgX))
  }

  /// Configurations for rows of so many elements, the safe default first.
  static func candidates(rowElements: Int, on device: DeviceInfo) -> [RowConfiguration] {
    // So much work that a CPU's group pays for itself.
    let cpu = [4096, 1024].map {
      RowConfiguration(vec: 16, itemM: max(1, $0 / rowElements), wgX: 1)
    }
    let gpu = [64, 256].map {
      RowConfiguration(vec: 1, itemM: 1, wgX: min($0, device.maxWorkGroup))
    }
    return unique(device.kind == .gpu ? gpu + cpu : cpu + gpu)
  }
}
