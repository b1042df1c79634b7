import Autotuner
import DeviceRuntime

/// One operand of a configuration on its way between memory, caches and registers.
///
/// What pads an image counts as if it were read.
struct OperandTraffic {
  var bytes: Double
  /// How often all of it is read and written wherever it lies between two operations.
  var reads = 0.0
  var writes = 0.0
  /// How often all of it is moved besides, as long as no cache holds the `reach`.
  var again = 0.0
  /// Bytes that are moved from one use of a byte to the next.
  var reach = 0
  /// Whether it lives only during the operation: a shared cache that holds it keeps it from memory.
  var isScratch = false

  /// Bytes past a cache that holds nothing; a store reads its cache line first.
  var moved: Double { bytes * (reads + 2 * writes + again) }

  /// Bytes between a CPU's cores and their second caches.
  func cacheBytes(on device: DeviceInfo) -> Double {
    reach > device.firstCacheOfCore ? moved : moved - bytes * again
  }

  /// Bytes from and to memory; a store counts once there, as in what `Copy` measures.
  func memoryBytes(on device: DeviceInfo) -> Double {
    let stays = isScratch && bytes <= Double(device.sharedCache)
    return bytes * ((stays ? 0 : reads + writes) + (reach > device.sharedCache ? again : 0))
  }
}

extension [OperandTraffic] {
  func total(on device: DeviceInfo) -> Traffic {
    Traffic(
      cacheBytes: reduce(0) { $0 + $1.cacheBytes(on: device) },
      memoryBytes: reduce(0) { $0 + $1.memoryBytes(on: device) })
  }
}
