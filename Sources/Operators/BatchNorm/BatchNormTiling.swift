import Autotuner
import DeviceRuntime

/// How the kernels of batch normalisation walk over x: [rows, channels].
package struct BatchNormTiling: Hashable, Codable, Sendable, CustomStringConvertible {
  /// Channels in a vector: 1, 4 or 16; divides the channels.
  package var vec: Int
  /// Vectors of channels a work-item takes; `vec * itemN` divides the channels.
  package var itemN: Int
  /// Work-items of a group along the channels; 1 on a CPU.
  package var wgX: Int
  /// Work-items of a group along the rows, a power of two; 1 on a CPU.
  package var wgY: Int
  /// Rows a work-group takes.
  package var tileM: Int

  package var description: String { "v\(vec)_in\(itemN)_wg\(wgX)x\(wgY)_tm\(tileM)" }

  /// The valid tilings on a device, the safe default first.
  static func candidates(rows: Int, channels: Int, on device: DeviceInfo) -> [BatchNormTiling] {
    let wide = [16, 4, 1].first { channels.isMultiple(of: $0) } ?? 1
    // A whole row is fastest though its coefficients do not fit the registers: memory is read in
    // one piece, the coefficients come from the first cache. 4 vectors of 16 do fit.
    let cpu = [(40, 32_768), (4, 32_768), (40, 8192)].map { limit, elements in
      let itemN = largestDivisor(of: channels / wide, atMost: limit)
      // A launched group should have some 32k elements to pay for itself.
      let tileM = powerOfTwo(atMost: elements / (itemN * wide))
      return BatchNormTiling(vec: wide, itemN: itemN, wgX: 1, wgY: 1, tileM: tileM)
    }
    let gpu = [(1, 256, 16), (wide == 1 ? 1 : 4, 256, 8), (1, 64, 4)].map { vec, items, each in
      let group = powerOfTwo(atMost: min(items, device.maxWorkGroup))
      let needed = ceilDivide(channels, vec)
      var wgX = min(powerOfTwo(atMost: needed), 32, group)
      if wgX < needed && wgX * 2 <= min(32, group) { wgX *= 2 }  // fewer passes over the channels
      let wgY = group / wgX
      return BatchNormTiling(vec: vec, itemN: 1, wgX: wgX, wgY: wgY, tileM: wgY * each)
    }
    return unique(device.kind == .gpu ? gpu + cpu : cpu + gpu)
  }

  var macros: [Macro] {
    [
      Macro("VEC", vec), Macro("ITEM_N", itemN), Macro("WG_X", wgX), Macro("WG_Y", wgY),
      Macro("TILE_M", tileM),
    ]
  }

  /// Chunks of rows, each with its own partial sums.
  func chunks(_ rows: Int) -> Int { ceilDivide(rows, tileM) }

  /// Groups over [rows, channels].
  func tiles(rows: Int, channels: Int) -> NDRange {
    NDRange(
      groups: NDRange.Size(ceilDivide(channels, vec * itemN * wgX), chunks(rows)),
      local: NDRange.Size(wgX, wgY))
  }

  /// Groups that join the chunks, `vec` channels a work-item.
  func joins(channels: Int) -> NDRange {
    NDRange(
      groups: NDRange.Size(ceilDivide(channels, vec * wgX)), local: NDRange.Size(wgX, wgY))
  }

  /// Sizes for the tests: [rows, channels].
  static let exampleSizes = [
    (1, 1), (98, 1), (3, 3), (588, 5), (98, 7), (1, 16), (4096, 16), (588, 32), (1000, 64),
    (98, 160),
  ]
}
