import Foundation
import Glibc

/// What OpenCL does not tell of the processor that this program runs on.
package struct HostProcessor {
  /// Registers of the vectors that a driver's compiler uses; 0 where they are not known.
  var vectorRegisters: Int
  /// Vector multiply-adds that a core starts in a cycle; 0 where they are not known.
  var multiplyAddsPerCycle = 0
  /// Bytes of the first and second data cache, a core's own, and of the third, which cores share; 0
  /// where they are not known.
  var level1Cache: Int
  var level2Cache: Int
  var level3Cache: Int
  /// Bytes a cycle that a core gets from the third cache; 0 where they are not known.
  var level3Bandwidth = 0

  /// The processor whose compiler makes vectors of `floatWidth` floats.
  init(
    floatWidth: Int, caches: String = "/sys/devices/system/cpu/cpu0/cache",
    description: String = "/proc/cpuinfo"
  ) {
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
    level3Cache = HostProcessor.bytes(of: 3, in: caches)
    let facts = HostProcessor.facts(in: description)
    // Bandwidths as measured, with both cores of a virtual machine at work: an Intel Xeon (model
    // 207) and an AMD EPYC (Zen 4), 2026-12.
    switch facts["vendor_id"] {
    case "AuthenticAMD":
      level3Bandwidth = 16
      // Zen 4 halves vectors of 512 bits; its family is Zen 3's, which has none.
      multiplyAddsPerCycle = floatWidth >= 16 && facts["cpu family"] == "25" ? 1 : 2
    case "GenuineIntel":
      level3Bandwidth = 10
      multiplyAddsPerCycle = 2
    default: break
    }
  }

  /// Has pocl keep each of its threads on a core of its own, where this process may use all of them
  /// and the environment does not say otherwise; before the first thread and the first device.
  ///
  /// Without that Linux may wake the threads for short kernels on one core: half the speed for as
  /// long as a process runs (2 cores, 2026-12-01: in 6 of 12 processes, in none with it).
  package static func keepPoclThreadsApart() {
    // pocl counts cores from the first on: of a part of them it would take others'.
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let online = try? String(contentsOfFile: "/sys/devices/system/cpu/online", encoding: .utf8),
      let allowed = status.split(separator: "\n").first(where: {
        $0.hasPrefix("Cpus_allowed_list:")
      }),
      let lastOnline = lastOfWholeRange(online),
      let lastAllowed = lastOfWholeRange(allowed.split(separator: ":")[1]),
      lastAllowed >= lastOnline
    else { return }
    setenv(poclAffinity, "1", 0)
  }

  /// The last core of Linux' list of cores; nil where it is not all cores from the first on.
  static func lastOfWholeRange(_ list: some StringProtocol) -> Int? {
    let ends = list.trimmingCharacters(in: .whitespacesAndNewlines)
      .split(separator: "-", omittingEmptySubsequences: false)
    guard let first = ends.first, Int(first) == 0, ends.count <= 2 else { return nil }
    return ends.count == 1 ? 0 : Int(ends[1])
  }

  /// The variable for that; it changes no code.
  package static let poclAffinity = "POCL_AFFINITY"

  /// The width of the vectors that pocl's compiler is told to use; nil where it is not told.
  ///
  /// pocl compiles for a lesser processor where `POCL_KERNELLIB_NAME` says so, and goes on to tell
  /// the vectors of the one it runs on.
  static func poclFloatWidth(_ environment: [String: String]) -> Int? {
    guard let library = environment["POCL_KERNELLIB_NAME"] else { return nil }
    return library.contains("512") ? 16 : library.contains("avx") ? 8 : 4
  }

  /// What Linux tells of the first processor, by name.
  private static func facts(in description: String) -> [String: String] {
    guard let text = try? String(contentsOfFile: description, encoding: .utf8) else { return [:] }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
    let pairs = lines.map { $0.split(separator: ":", maxSplits: 1).map(String.init) }
    return Dictionary(
      pairs.filter { $0.count == 2 }.map {
        ($0[0].trimmingCharacters(in: .whitespaces), $0[1].trimmingCharacters(in: .whitespaces))
      }, uniquingKeysWith: { first, _ in first })
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
