import Foundation

/// What OpenCL does not tell of the processor that this program runs on.
struct HostProcessor {
  /// Registers of the vectors that a driver's compiler uses; 0 where they are not known.
  var vectorRegisters: Int
  /// Bytes of a core's first and second data cache; 0 where they are not known.
  var level1Cache: Int
  var level2Cache: Int

  /// The processor whose compiler makes vectors of `floatWidth` floats.
  init(floatWidth: Int, caches: String = "/sys/devices/system/cpu/cpu0/cache") {
    #if arch(x86_64)
      // AVX-512 doubles the number with the width.
      vectorRegisters = floatWidth >= 16 ? 32 : 16
    #elseif arch(arm64)
      vectorRegisters = 32
    #else
      vectorRegisters = 0
    #endif
    level1Cache = HostProcessor.bytes(of: 1, in: caches)
    level2Cache = HostProcessor.bytes(of: 2, in: caches)
  }

  /// The width of the vectors that pocl's compiler is told to use; nil where it is not told.
  ///
  /// pocl compiles for a lesser processor where `POCL_KERNELLIB_NAME` says so, and goes on to tell
  /// the vectors of the one it runs on.
  static func poclFloatWidth(_ environment: [String: String]) -> Int? {
    guard let library = environment["POCL_KERNELLIB_NAME"] else { return nil }
    return library.contains("512") ? 16 : library.contains("avx") ? 8 : 4
  }

  /// Bytes of the data cache of a level, as Linux tells them.
  private static func bytes(of level: Int, in caches: String) -> Int {
    func text(_ index: Int, _ file: String) -> String? {
      (try? String(contentsOfFile: "\(caches)/index\(index)/\(file)", encoding: .utf8))
        .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    }
    for index in 0..<8 {
      guard text(index, "level") == "\(level)", text(index, "type") != "Instruction",
        let size = text(index, "size")
      else { continue }
      let unit = ["K": 1 << 10, "M": 1 << 20][size.suffix(1)] ?? 1
      let number = Int(size.prefix { $0.isNumber }) ?? 0
      return number > (Int.max >> 20) ? 0 : number * unit
    }
    return 0
  }
}
