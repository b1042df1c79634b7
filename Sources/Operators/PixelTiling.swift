import Autotuner
import DeviceRuntime

/// How a kernel walks over activations pixel by pixel, with vectors of channels.
package struct PixelTiling: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Channels in a vector: 1, 4 or 16; divides the channels.
  package var vec: Int
  /// Vectors of channels a work-item takes; `vec * itemN` divides the channels.
  package var itemN: Int
  /// Pixels a work-item takes, one after another.
  package var itemM: Int
  /// Work-items of a group along the channels; 1 on a CPU.
  package var wgX: Int
  /// Work-items of a group along the pixels; 1 on a CPU.
  package var wgY: Int

  package var description: String { "v\(vec)_in\(itemN)_im\(itemM)_wg\(wgX)x\(wgY)" }

  /// The tilings for so many channels, the safe default first; a vector's length divides `divisor`,
  /// too.
  static func candidates(
    channels: Int, divisor: Int, on device: DeviceInfo
  ) -> [PixelTiling] {
    let wide = [16, 4, 1].first { divisor.isMultiple(of: $0) } ?? 1
    // A launched group should have some 16k elements to pay for itself.
    let cpu = [16_384, 4096].map { elements in
      let itemN = largestDivisor(of: channels / wide, atMost: 4)
      return PixelTiling(
        vec: wide, itemN: itemN, itemM: max(1, elements / (itemN * wide)), wgX: 1, wgY: 1)
    }
    let gpu = [(wide == 1 ? 1 : 4, 64), (1, 256)].map { vec, items in
      let group = powerOfTwo(atMost: min(items, device.maxWorkGroup))
      let wgX = min(powerOfTwo(atMost: channels / vec), group)
      return PixelTiling(vec: vec, itemN: 1, itemM: 1, wgX: wgX, wgY: group / wgX)
    }
    return unique(device.kind == .gpu ? gpu + cpu : cpu + gpu)
  }

  var macros: [Macro] {
    [
      Macro("VEC", vec), Macro("ITEM_N", itemN), Macro("ITEM_M", itemM), Macro("WG_X", wgX),
      Macro("WG_Y", wgY),
    ]
  }

  /// Groups over `pixels` of `channels`.
  func range(pixels: Int, channels: Int) -> NDRange {
    NDRange(
      groups: NDRange.Size(
        ceilDivide(channels, vec * itemN * wgX), ceilDivide(pixels, itemM * wgY)),
      local: NDRange.Size(wgX, wgY))
  }
}
