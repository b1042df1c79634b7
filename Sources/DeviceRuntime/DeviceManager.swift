import COpenCL
import Foundation
import Synchronization

/// Finds the OpenCL devices of every platform and chooses one.
public struct DeviceManager: Sendable {
  /// Every device of every platform, in the order of the platforms.
  public let devices: [Device]
  /// Platforms without a device and drivers that answered with an error, each with the reason.
  public let emptyPlatforms: [String]
  package let ledger = HandleLedger()

  /// Asks every installed OpenCL platform for its devices; an empty list is not an error.
  public init() throws(CLError) {
    (devices, emptyPlatforms) = try DeviceManager.discovery.withLock { _ throws(CLError) in
      try DeviceManager.discover()
    }
  }

  // Drivers set themselves up at the first question. Asked by two threads at once, pocl 3.1
  // answers one of them that it has no device, or crashes.
  private static let discovery = Mutex(())

  private static func discover() throws(CLError) -> (devices: [Device], empty: [String]) {
    var devices: [Device] = []
    var empty: [String] = []
    for platform in try platforms() {
      let name = (try? Device.text(of: platform, CL_PLATFORM_NAME)) ?? "unnamed platform"
      // One broken driver hides neither the other platforms nor its other devices.
      do {
        let found = try self.devices(of: platform)
        if found.isEmpty { empty.append("\(name): no device") }
        for raw in found {
          do {
            devices.append(try Device(raw: raw, platform: platform, index: devices.count))
          } catch { empty.append("\(name): \(error)") }
        }
      } catch { empty.append("\(name): \(error)") }
    }
    return (devices, empty)
  }

  /// The device that `request` names: an index, a part of the name, or nil for the fastest
  /// GPU and, without one, the fastest CPU.
  ///
  /// Throws `DeviceError` when nothing usable matches.
  public func device(matching request: String? = nil) throws(DeviceError) -> Device {
    let selection = DeviceSelection(
      candidates: devices.map {
        DeviceSelection.Candidate(info: $0.info, unusableReason: $0.unusableReason)
      }, emptyPlatforms: emptyPlatforms)
    return devices[try selection.index(matching: request)]
  }

  /// A context on `device`, which keeps compiled programs in the folder `programCache`.
  ///
  /// Not on pocl, which has a cache of its own. Of the device's memory at most `memoryLimit` bytes
  /// are used.
  package func makeContext(
    on device: Device, kernels: KernelLibrary = KernelLibrary(), programCache: URL? = nil,
    memoryLimit: Int? = nil
  ) throws(CLError) -> Context {
    let cache = device.info.isPocl ? nil : programCache.map { ProgramCache(directory: $0) }
    return try makeContext(
      on: device, kernels: kernels, cachingIn: cache, memoryLimit: memoryLimit)
  }

  /// A context on `device` with exactly this cache, also on pocl.
  package func makeContext(
    on device: Device, kernels: KernelLibrary = KernelLibrary(), cachingIn cache: ProgramCache?,
    memoryLimit: Int? = nil
  ) throws(CLError) -> Context {
    try Context(
      device: device, kernels: kernels, ledger: ledger, programCache: cache,
      memoryLimit: memoryLimit)
  }

  private static func platforms() throws(CLError) -> [cl_platform_id] {
    var count: cl_uint = 0
    let status = clGetPlatformIDs(0, nil, &count)
    let noDriverInstalled: cl_int = -1001  // CL_PLATFORM_NOT_FOUND_KHR, of the loader
    if status == noDriverInstalled { return [] }
    try check(status, "clGetPlatformIDs")
    guard count > 0 else { return [] }
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    try check(clGetPlatformIDs(count, &platforms, nil), "clGetPlatformIDs")
    return platforms.compactMap { $0 }
  }

  private static func devices(of platform: cl_platform_id) throws(CLError) -> [cl_device_id] {
    var count: cl_uint = 0
    let all = cl_device_type(CL_DEVICE_TYPE_ALL)
    let status = clGetDeviceIDs(platform, all, 0, nil, &count)
    if status == CL_DEVICE_NOT_FOUND { return [] }
    try check(status, "clGetDeviceIDs")
    guard count > 0 else { return [] }
    var devices = [cl_device_id?](repeating: nil, count: Int(count))
    try check(clGetDeviceIDs(platform, all, count, &devices, nil), "clGetDeviceIDs")
    return devices.compactMap { $0 }
  }
}
