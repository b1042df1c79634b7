import COpenCL
import Foundation

/// What kind of processor a device is.
public enum DeviceKind: String, Codable, Sendable { case cpu, gpu, accelerator, other }

/// The facts about a device that kernels, the tuner and the memory planner ask for.
public struct DeviceInfo: Codable, Hashable, Sendable {
  /// The device's name as its driver gives it.
  public var name: String
  /// The vendor's name as the driver gives it.
  public var vendor: String
  /// The platform's name, for example "Portable Computing Language".
  public var platform: String
  /// The platform's version, for example "OpenCL 3.0 PoCL 3.1".
  public var platformVersion: String
  /// The driver's version.
  public var driver: String
  /// The OpenCL version of the device, for example "OpenCL 3.0 ...".
  public var version: String
  /// CPU, GPU or another kind.
  public var kind: DeviceKind
  /// Parallel compute units.
  public var computeUnits: Int
  /// Clock in MHz; 0 where the driver does not say.
  public var clockMHz: Int
  /// Global memory in bytes.
  public var globalMemory: Int
  /// The largest single allocation in bytes.
  public var maxAllocation: Int
  /// Local memory of a work-group in bytes.
  public var localMemory: Int
  /// Whether local memory is a memory of its own; a CPU's is a part of the global memory.
  public var hasDedicatedLocalMemory: Bool
  /// The `float` vector width that the driver prefers; 1 where it vectorises work-items itself.
  public var preferredFloatWidth: Int
  /// The `float` vector width of the processor's instructions; 0 where the driver does not say.
  public var nativeFloatWidth: Int
  /// Vector registers that a thread of a CPU computes in; 0 where they are not known.
  public var vectorRegisters: Int
  /// Bytes of a core's first data cache; 0 where they are not known.
  public var level1Cache: Int
  /// Bytes of a core's second cache; 0 where they are not known.
  public var level2Cache: Int
  /// Bytes of the cache that a CPU's cores share; 0 where they are not known.
  public var level3Cache = 0
  /// Bytes a cycle that a core gets from the cache it shares; 0 where they are not known.
  public var level3Bandwidth = 0
  /// Vector multiply-adds that a CPU's core starts in a cycle; 0 where they are not known.
  public var multiplyAddsPerCycle = 0
  /// Work-items in a work-group, at most.
  public var maxWorkGroup: Int
  /// Alignment of a sub-buffer's origin in bytes.
  public var baseAlignment: Int
  /// The extensions, sorted.
  public var extensions: [String]

  /// Whether this is pocl, which keeps its own cache of compiled kernels.
  public var isPocl: Bool { platform.contains("Portable Computing Language") }
  /// Whether kernels may compute in half precision.
  public var supportsHalf: Bool { extensions.contains("cl_khr_fp16") }
  /// Whether kernels may use sub-groups.
  public var supportsSubgroups: Bool {
    extensions.contains("cl_khr_subgroups") || extensions.contains("cl_intel_subgroups")
  }

  /// A score to choose the fastest of several devices of one kind.
  package var speedEstimate: Int { computeUnits * max(clockMHz, 1) }

  /// Bytes of a CPU core's own cache; a usual size where it is not known.
  package var cacheOfCore: Int { level2Cache > 0 ? level2Cache : 1 << 20 }

  /// Bytes of a CPU core's first cache; a usual size where it is not known.
  package var firstCacheOfCore: Int { level1Cache > 0 ? level1Cache : 32 << 10 }

  /// What more than this does not stay in the cache that cores share, which others use, too.
  package var sharedCache: Int { level3Cache > 0 ? min(level3Cache / 2, 32 << 20) : 16 << 20 }
}

extension DeviceInfo {
  /// The same device with no more than `limit` bytes of memory; nil changes nothing.
  package func limited(to limit: Int?) -> DeviceInfo {
    guard let limit else { return self }
    var result = self
    result.globalMemory = min(globalMemory, limit)
    result.maxAllocation = min(maxAllocation, limit)
    return result
  }

  /// A device to plan memory for when none is at hand: a CPU without limits.
  package static let planning = DeviceInfo(
    name: "planning", vendor: "", platform: "", platformVersion: "", driver: "", version: "",
    kind: .cpu, computeUnits: 1, clockMHz: 0, globalMemory: .max, maxAllocation: .max,
    localMemory: .max, hasDedicatedLocalMemory: false, preferredFloatWidth: 1, nativeFloatWidth: 0,
    vectorRegisters: 0, level1Cache: 0, level2Cache: 0, maxWorkGroup: 256, baseAlignment: 128,
    extensions: [])
}

/// One OpenCL device and whether this engine can use it.
public struct Device: @unchecked Sendable {  // a cl_device_id may be used from any thread
  package let raw: cl_device_id
  package let platform: cl_platform_id
  /// Position in `DeviceManager.devices`, the index that `--device` takes.
  public let index: Int
  /// The device's facts.
  public let info: DeviceInfo
  /// Why the device can't be used; nil when it can.
  public let unusableReason: String?
  /// The work-items of a sub-group that kernels with large register tiles ask for; nil where the
  /// compiler's choice is right.
  package let subGroup: Int?

  package init(raw: cl_device_id, platform: cl_platform_id, index: Int) throws(CLError) {
    self.raw = raw
    self.platform = platform
    self.index = index
    let type = try Device.number(raw, CL_DEVICE_TYPE, as: cl_device_type.self)
    let kind: DeviceKind =
      type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0
      ? .gpu
      : type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0
        ? .cpu : type & cl_device_type(CL_DEVICE_TYPE_ACCELERATOR) != 0 ? .accelerator : .other
    let nativeFloatWidth = min(
      Int(try Device.number(raw, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, as: cl_uint.self)),
      HostProcessor.poclFloatWidth(ProcessInfo.processInfo.environment) ?? .max)
    // A CPU device is the processor that this runs on.
    let host = kind == .cpu ? HostProcessor(floatWidth: nativeFloatWidth) : nil
    info = DeviceInfo(
      name: try Device.text(raw, CL_DEVICE_NAME), vendor: try Device.text(raw, CL_DEVICE_VENDOR),
      platform: try Device.text(of: platform, CL_PLATFORM_NAME),
      platformVersion: try Device.text(of: platform, CL_PLATFORM_VERSION),
      driver: try Device.text(raw, CL_DRIVER_VERSION),
      version: try Device.text(raw, CL_DEVICE_VERSION), kind: kind,
      computeUnits: Int(try Device.number(raw, CL_DEVICE_MAX_COMPUTE_UNITS, as: cl_uint.self)),
      clockMHz: Int(try Device.number(raw, CL_DEVICE_MAX_CLOCK_FREQUENCY, as: cl_uint.self)),
      globalMemory: Int(
        clamping: try Device.number(raw, CL_DEVICE_GLOBAL_MEM_SIZE, as: cl_ulong.self)),
      maxAllocation: Int(
        clamping: try Device.number(raw, CL_DEVICE_MAX_MEM_ALLOC_SIZE, as: cl_ulong.self)),
      localMemory: Int(
        clamping: try Device.number(raw, CL_DEVICE_LOCAL_MEM_SIZE, as: cl_ulong.self)),
      hasDedicatedLocalMemory: try Device.number(
        raw, CL_DEVICE_LOCAL_MEM_TYPE, as: cl_device_local_mem_type.self)
        == cl_device_local_mem_type(CL_LOCAL),
      preferredFloatWidth: Int(
        try Device.number(raw, CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, as: cl_uint.self)),
      nativeFloatWidth: nativeFloatWidth, vectorRegisters: host?.vectorRegisters ?? 0,
      level1Cache: host?.level1Cache ?? 0, level2Cache: host?.level2Cache ?? 0,
      level3Cache: host?.level3Cache ?? 0, level3Bandwidth: host?.level3Bandwidth ?? 0,
      multiplyAddsPerCycle: host?.multiplyAddsPerCycle ?? 0,
      maxWorkGroup: try Device.number(raw, CL_DEVICE_MAX_WORK_GROUP_SIZE, as: Int.self),
      baseAlignment: max(
        1, Int(try Device.number(raw, CL_DEVICE_MEM_BASE_ADDR_ALIGN, as: cl_uint.self)) / 8),
      extensions: try Device.text(raw, CL_DEVICE_EXTENSIONS).split(separator: " ").map(String.init)
        .sorted())
    subGroup = Device.subGroup(of: Device.subGroupSizes(raw, extensions: info.extensions))
    let available = try Device.number(raw, CL_DEVICE_AVAILABLE, as: cl_bool.self) != 0
    let compiler = try Device.number(raw, CL_DEVICE_COMPILER_AVAILABLE, as: cl_bool.self) != 0
    let littleEndian = try Device.number(raw, CL_DEVICE_ENDIAN_LITTLE, as: cl_bool.self) != 0
    unusableReason =
      !available
      ? "the driver says it is not available"
      : !compiler
        ? "its driver has no compiler"
        : !littleEndian
          ? "it is big-endian"
          : info.version.hasPrefix("OpenCL 1.0") || info.version.hasPrefix("OpenCL 1.1")
            ? "it is older than OpenCL 1.2" : nil
  }

  /// A score to choose the fastest of several devices of one kind.
  package var speedEstimate: Int { info.speedEstimate }

  static func text(of platform: cl_platform_id, _ key: Int32) throws(CLError) -> String {
    var size = 0
    try check(
      clGetPlatformInfo(platform, cl_platform_info(key), 0, nil, &size), "clGetPlatformInfo")
    var bytes = [UInt8](repeating: 0, count: size)
    try check(
      clGetPlatformInfo(platform, cl_platform_info(key), size, &bytes, nil), "clGetPlatformInfo")
    return DeviceRuntime.text(bytes)
  }

  private static func text(_ device: cl_device_id, _ key: Int32) throws(CLError) -> String {
    var size = 0
    try check(
      clGetDeviceInfo(device, cl_device_info(key), 0, nil, &size), "clGetDeviceInfo")
    var bytes = [UInt8](repeating: 0, count: size)
    try check(
      clGetDeviceInfo(device, cl_device_info(key), size, &bytes, nil), "clGetDeviceInfo")
    return DeviceRuntime.text(bytes)
  }

  /// The least of `sizes` where it is more than 8 and the compiler might take another.
  ///
  /// Intel's compilers share a thread's registers among a sub-group and take 8 work-items for a large
  /// tile where the device can. Where 16 is the least they take 32, which spills the tile.
  static func subGroup(of sizes: [Int]) -> Int? {
    sizes.min().flatMap { $0 > 8 && sizes.count > 1 ? $0 : nil }
  }

  /// The sizes of sub-groups that a kernel may ask for; none where it may not.
  private static func subGroupSizes(_ device: cl_device_id, extensions: [String]) -> [Int] {
    var sizes = [Int](repeating: 0, count: 16)
    var bytes = 0
    guard extensions.contains("cl_intel_required_subgroup_size"),
      clGetDeviceInfo(
        device, cl_device_info(CL_DEVICE_SUB_GROUP_SIZES_INTEL),
        sizes.count * MemoryLayout<Int>.stride, &sizes, &bytes) == CL_SUCCESS
    else { return [] }
    return Array(sizes.prefix(bytes / MemoryLayout<Int>.stride))
  }

  private static func number<T: FixedWidthInteger>(
    _ device: cl_device_id, _ key: Int32, as type: T.Type
  ) throws(CLError) -> T {
    var value = T.zero
    try check(
      clGetDeviceInfo(device, cl_device_info(key), MemoryLayout<T>.size, &value, nil),
      "clGetDeviceInfo")
    return value
  }
}

/// The text before the first zero byte, without the blanks around it.
func text(_ bytes: [UInt8]) -> String {
  trimmed(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
}

func trimmed(_ text: String) -> String {
  String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
}
