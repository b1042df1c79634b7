import COpenCL

/// Why no device could be had.
public struct DeviceError: Error, Sendable, CustomStringConvertible {
  /// What is missing and what to do, in one line.
  public let description: String
}

/// Finds the OpenCL devices of every platform and chooses one.
public struct DeviceManager: Sendable {
  /// Every device of every platform, in the order of the platforms.
  public let devices: [Device]
  /// Platforms that answered with an error or without a device, with the reason.
  public let emptyPlatforms: [String]
  package let ledger = HandleLedger()

  /// Asks every installed OpenCL platform for its devices; an empty list is not an error.
  public init() throws(CLError) {
    var count: cl_uint = 0
    let status = clGetPlatformIDs(0, nil, &count)
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    if status != -1001 {  // the loader's answer when no driver is installed
      try check(status, "clGetPlatformIDs")
      if count > 0 { try check(clGetPlatformIDs(count, &platforms, nil), "clGetPlatformIDs") }
    }
    var devices: [Device] = []
    var empty: [String] = []
    for case let platform? in platforms {
      var deviceCount: cl_uint = 0
      let all = cl_device_type(CL_DEVICE_TYPE_ALL)
      let status = clGetDeviceIDs(platform, all, 0, nil, &deviceCount)
      guard status == CL_SUCCESS, deviceCount > 0 else {
        var bytes = [UInt8](repeating: 0, count: 256)
        clGetPlatformInfo(platform, cl_platform_info(CL_PLATFORM_NAME), 255, &bytes, nil)
        empty.append("\(text(bytes)): no device")
        continue
      }
      var raws = [cl_device_id?](repeating: nil, count: Int(deviceCount))
      try check(clGetDeviceIDs(platform, all, deviceCount, &raws, nil), "clGetDeviceIDs")
      for case let raw? in raws {
        devices.append(try Device(raw: raw, platform: platform, index: devices.count))
      }
    }
    self.devices = devices
    emptyPlatforms = empty
  }

  /// The device that `request` names: an index, a part of the name, or nil for the fastest
  /// GPU and, without one, the fastest CPU.
  ///
  /// Throws `DeviceError` when nothing usable matches.
  public func device(matching request: String? = nil) throws(DeviceError) -> Device {
    guard !devices.isEmpty else {
      throw DeviceError(
        description: "no OpenCL device: no platform with a device is installed; "
          + "install your GPU's driver, or pocl for the CPU (Debian: apt install pocl-opencl-icd)")
    }
    let list = devices.map { "\($0.index) \($0.info.name)" }.joined(separator: ", ")
    if let request {
      let matches: [Device]
      if let index = Int(request) {
        matches = devices.filter { $0.index == index }
      } else {
        matches = devices.filter {
          $0.info.name.lowercased().contains(request.lowercased())
            || $0.info.platform.lowercased().contains(request.lowercased())
        }
      }
      guard let first = matches.first(where: { $0.unusableReason == nil }) ?? matches.first else {
        throw DeviceError(
          description: "no device matches '\(request)': there are \(list); "
            + "give an index or a part of a name")
      }
      if let reason = first.unusableReason {
        throw DeviceError(
          description: "device \(first.info.name) can't be used: \(reason); choose another")
      }
      return first
    }
    func rank(_ device: Device) -> (Int, Int) {
      (device.info.kind == .gpu ? 2 : device.info.kind == .cpu ? 1 : 0, device.speedEstimate)
    }
    let usable = devices.filter { $0.unusableReason == nil }
    guard let best = usable.max(by: { rank($0) < rank($1) }) else {
      throw DeviceError(
        description: "no usable OpenCL device among \(list): see 'widecl devices' for the reasons")
    }
    return best
  }

  /// A context on `device`.
  package func makeContext(on device: Device, kernels: KernelLibrary = KernelLibrary())
    throws(CLError) -> Context
  {
    try Context(device: device, kernels: kernels, ledger: ledger)
  }
}
