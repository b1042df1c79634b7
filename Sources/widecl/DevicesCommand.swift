import ArgumentParser
import DeviceRuntime
import Foundation
import Operators

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "Lists every OpenCL platform and device.",
    discussion: """
      Example:
        widecl devices --peak
      """)

  @Flag(
    help: "Measure what each device computes, copies and reads from its caches at most: seconds.")
  var peak = false
  @Flag(help: "Print JSON.") var json = false

  struct Row: Encodable {
    var index: Int
    var usable: Bool
    var whyNot: String?
    var info: DeviceInfo
    var peak: DevicePeaks?
    var peakFailure: String?
  }

  func run() throws {
    let manager = try DeviceManager()
    var rows = manager.devices.map {
      Row(
        index: $0.index, usable: $0.unusableReason == nil, whyNot: $0.unusableReason,
        info: $0.info)
    }
    // The choice explains what is missing.
    if rows.isEmpty { _ = try manager.device() }
    if peak {
      for index in rows.indices where rows[index].usable {
        // A device that fails hides neither itself nor the others.
        do {
          let context = try manager.makeContext(
            on: manager.devices[index], environment: ProcessInfo.processInfo.environment)
          rows[index].peak = try DevicePeaks.measure(on: context)
        } catch let error as CLError {
          rows[index].peakFailure = "\(error)"
        }
      }
    }
    if json { return try printJSON(rows) }
    for row in rows {
      let info = row.info
      print(
        "\(row.index)  \(info.name)  (\(info.kind.rawValue), \(info.platform), \(info.version))")
      print(
        "   \(info.computeUnits) compute units, \(info.globalMemory >> 20) MiB memory, "
          + "\(info.maxAllocation >> 20) MiB at most in one allocation, "
          + "\(info.localMemory >> 10) KiB local, driver \(info.driver)")
      if let peak = row.peak {
        print("   \(peak.text)")
        print("   measured by \(peak.multiplyAdd), \(peak.copy), \(peak.cacheRead)")
      }
      if let failure = row.peakFailure { print("   peak not measured: \(failure)") }
      if let reason = row.whyNot { print("   not usable: \(reason)") }
    }
    for platform in manager.emptyPlatforms { print("-  \(platform)") }
  }
}

extension DevicePeaks {
  /// The four roofs, in a line's part.
  var text: String {
    String(
      format: "%.1f GFLOP/s, %.1f GB/s, second caches %.1f GB/s, %.1f us a launch", gflops, gbs,
      cacheGbs, launchUs)
  }
}
