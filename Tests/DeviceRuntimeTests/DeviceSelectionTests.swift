import Foundation
import Testing

@testable import DeviceRuntime

@Suite struct DeviceSelectionTests {
  private func candidate(
    _ name: String, platform: String = "Vendor CL", kind: DeviceKind = .gpu, units: Int = 10,
    unusable: String? = nil
  ) -> DeviceSelection.Candidate {
    DeviceSelection.Candidate(
      info: DeviceInfo(
        name: name, vendor: "Vendor", platform: platform, platformVersion: "OpenCL 3.0",
        driver: "1.0", version: "OpenCL 3.0", kind: kind, computeUnits: units, clockMHz: 1000,
        globalMemory: 1 << 30, maxAllocation: 1 << 28, localMemory: 1 << 15,
        hasDedicatedLocalMemory: true, preferredFloatWidth: 1, nativeFloatWidth: 1,
        vectorRegisters: 0,
        level1Cache: 0, level2Cache: 0,
        maxWorkGroup: 256, baseAlignment: 128, extensions: []),
      unusableReason: unusable)
  }

  private var machine: DeviceSelection {
    DeviceSelection(
      candidates: [
        candidate("pthread-Xeon", platform: "Portable Computing Language", kind: .cpu, units: 64),
        candidate("GeForce RTX 4090", units: 128),
        candidate("GeForce RTX 4090 D", units: 114),
        candidate("Old Card", platform: "Legacy", units: 500, unusable: "it has no compiler"),
        candidate("Arc A770", platform: "Intel Graphics", units: 32),
        candidate("FPGA", platform: "Intel Boards", kind: .accelerator, units: 900),
      ], emptyPlatforms: [])
  }

  private func failure(
    _ request: String?, of selection: DeviceSelection? = nil
  ) -> String {
    do {
      return "chose \(try (selection ?? machine).index(matching: request))"
    } catch { return error.description }
  }

  @Test(arguments: [
    ("0", 0), ("4", 4), (" 4 ", 4), ("xeon", 0), ("PORTABLE", 0), ("GeForce RTX 4090", 1),
    ("geforce rtx 4090 d", 2), ("4090 D", 2), ("770", 4), ("intel graphics", 4), ("arc", 4),
    ("FPGA", 5),
  ])
  func namesOneDevice(_ request: String, _ index: Int) throws {
    #expect(try machine.index(matching: request) == index)
  }

  @Test(arguments: [nil, "", "  "])
  func withoutARequestTheFastestUsableGPU(_ request: String?) throws {
    #expect(try machine.index(matching: request) == 1)
  }

  @Test func withoutAGPUTheFastestCPU() throws {
    let selection = DeviceSelection(
      candidates: [
        candidate("board", kind: .accelerator, units: 99), candidate("slow", kind: .cpu, units: 2),
        candidate("fast", kind: .cpu, units: 8), candidate("twin", kind: .cpu, units: 8),
      ], emptyPlatforms: [])
    #expect(try selection.index(matching: nil) == 2)
  }

  @Test func nameOfADeviceWinsOverThatOfAPlatform() throws {
    let selection = DeviceSelection(
      candidates: [candidate("A", platform: "Arc runtime"), candidate("Arc", platform: "B")],
      emptyPlatforms: [])
    #expect(try selection.index(matching: "arc") == 1)
  }

  @Test func unusableDevicesDoNotMakeANameAmbiguous() throws {
    let selection = DeviceSelection(
      candidates: [candidate("card", unusable: "it is big-endian"), candidate("card")],
      emptyPlatforms: [])
    #expect(try selection.index(matching: "card") == 1)
  }

  @Test func ambiguousName() {
    #expect(
      failure("geforce") == "device 'geforce' is ambiguous: it may be 1 (GeForce RTX 4090), "
        + "2 (GeForce RTX 4090 D); give an index or a longer part of the name")
    #expect(failure("intel").contains("ambiguous: it may be 4 (Arc A770), 5 (FPGA)"))
  }

  @Test(arguments: ["7", "-1", "radeon", "99999999999999999999"])
  func nothingMatches(_ request: String) {
    #expect(
      failure(request) == "no device matches '\(request)'; choose one by its index or "
        + "a part of its name: 0 (pthread-Xeon), 1 (GeForce RTX 4090), 2 (GeForce RTX 4090 D), "
        + "3 (Old Card), 4 (Arc A770), 5 (FPGA)")
  }

  @Test(arguments: ["3", "old"])
  func unusableDeviceSaysWhy(_ request: String) {
    #expect(failure(request).hasPrefix("device Old Card can't be used: it has no compiler; choose"))
  }

  @Test func noUsableDeviceAmongSeveral() {
    let selection = DeviceSelection(
      candidates: [candidate("card", unusable: "it is big-endian")], emptyPlatforms: [])
    #expect(
      failure(nil, of: selection).hasPrefix("no usable OpenCL device: card: it is big-endian;"))
  }

  @Test(arguments: [nil, "0", "pocl"])
  func noPlatform(_ request: String?) {
    let none = DeviceSelection(candidates: [], emptyPlatforms: [])
    #expect(failure(request, of: none).contains("no OpenCL platform is installed; install"))
  }

  @Test func platformsWithoutADevice() {
    let empty = DeviceSelection(candidates: [], emptyPlatforms: ["Clover: no device", "A\nB: -5"])
    #expect(
      failure(nil, of: empty).hasPrefix("no OpenCL device: Clover: no device, A B: -5; install"))
  }

  @Test func indicesAreThoseOfTheManager() throws {
    let manager = try DeviceManager()
    try #require(!manager.devices.isEmpty, "no OpenCL device to test on")
    for (index, device) in manager.devices.enumerated() {
      #expect(device.index == index)
      guard device.unusableReason == nil else { continue }
      #expect(try manager.device(matching: String(index)).index == index)
    }
  }

  @Test func factsOfADeviceSurviveJSON() throws {
    for device in try DeviceManager().devices {
      let json = try JSONEncoder().encode(device.info)
      #expect(try JSONDecoder().decode(DeviceInfo.self, from: json) == device.info)
      #expect(device.info.platformVersion.hasPrefix("OpenCL"))
      #expect(device.info.nativeFloatWidth >= 0 && device.info.preferredFloatWidth >= 0)
    }
  }

  @Test func withoutAnyDriverTheListIsEmpty() async {
    await #expect(processExitsWith: .success) {
      setenv("OCL_ICD_VENDORS", "/nonexistent", 1)
      let manager = try DeviceManager()
      guard manager.devices.isEmpty, manager.emptyPlatforms.isEmpty else { exit(1) }
      do {
        _ = try manager.device(matching: "0")
        exit(2)
      } catch is DeviceError {}
    }
  }

  @Test(
    "only where sub-groups of 8 do not exist is a size asked for",
    arguments: [
      ([8, 16, 32], nil), ([16, 32], 16), ([], nil), ([16], nil), ([32, 16], 16), ([64], nil),
    ] as [([Int], Int?)])
  func subGroup(sizes: [Int], expected: Int?) {
    #expect(Device.subGroup(of: sizes) == expected)
  }
}
