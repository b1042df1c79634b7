import ArgumentParser
import DeviceRuntime

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "Lists every OpenCL platform and device.")

  @Flag(help: "Print JSON.") var json = false

  struct Row: Encodable {
    var index: Int
    var usable: Bool
    var whyNot: String?
    var info: DeviceInfo
  }

  func run() throws {
    let manager = try DeviceManager()
    let rows = manager.devices.map {
      Row(
        index: $0.index, usable: $0.unusableReason == nil, whyNot: $0.unusableReason,
        info: $0.info)
    }
    // The choice explains what is missing.
    if rows.isEmpty { _ = try manager.device() }
    if json { return try printJSON(rows) }
    for row in rows {
      let info = row.info
      print(
        "\(row.index)  \(info.name)  (\(info.kind.rawValue), \(info.platform), \(info.version))")
      print(
        "   \(info.computeUnits) compute units, \(info.globalMemory >> 20) MiB memory, "
          + "\(info.maxAllocation >> 20) MiB at most in one allocation, "
          + "\(info.localMemory >> 10) KiB local, driver \(info.driver)")
      if let reason = row.whyNot { print("   not usable: \(reason)") }
    }
    for platform in manager.emptyPlatforms { print("-  \(platform)") }
  }
}
