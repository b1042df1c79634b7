import COpenCL
import Synchronization

/// An OpenCL context on one device, with the programs built in it.
package final class Context: @unchecked Sendable {  // cl_context is thread-safe by the standard
  package let device: Device
  package let kernels: KernelLibrary
  package let ledger: HandleLedger
  let programCache: ProgramCache?
  private let handle: Handle
  private let programs = Mutex<[ProgramKey: Program]>([:])
  private let sources = Mutex<[String: String]>([:])
  private let memory = Mutex(MemoryUse())
  private let reporter = Mutex<@Sendable (Preparation) -> Void>({ _ in })
  private let compiler = Mutex<@Sendable ([KernelBuild], Int) -> Void>({ _, _ in })
  /// The device's facts, its memory cut to the limit that the context was given.
  package let info: DeviceInfo

  package var raw: cl_context { handle.raw }

  init(
    device: Device, kernels: KernelLibrary, ledger: HandleLedger, programCache: ProgramCache?,
    memoryLimit: Int?
  ) throws(CLError) {
    self.device = device
    info = device.info.limited(to: memoryLimit)
    self.kernels = kernels
    self.ledger = ledger
    self.programCache = programCache
    handle = try Handle(
      kind: "context", ledger: ledger, release: clReleaseContext, function: "clCreateContext"
    ) { status in
      var id: cl_device_id? = device.raw
      return clCreateContext(nil, 1, &id, nil, nil, &status)
    }
  }

  package func makeQueue() throws(CLError) -> Queue { try Queue(context: self) }

  /// A buffer of `count` elements, not initialised.
  ///
  /// Behind it are some bytes for checks of writes beyond its end; without `hasSpareBytes`, for those
  /// who look after its end themselves, it is exactly as large as its elements.
  package func makeBuffer<Element: BitwiseCopyable>(
    _ type: Element.Type = Element.self, count: Int, hasSpareBytes: Bool = true
  ) throws(CLError) -> Buffer<Element> {
    try Buffer(context: self, count: count, hasSpareBytes: hasSpareBytes)
  }

  /// The kernel `entryPoint` of the program `source` built with `macros`; programs are built once.
  package func kernel(
    _ source: String, entryPoint: String, macros: [Macro] = []
  ) throws(CLError) -> Kernel {
    let key = ProgramKey(source: source, options: Context.options(macros))
    if let program = programs.withLock({ $0[key] }) {
      return try Kernel(program: program, entryPoint: entryPoint)
    }
    let built = try Program(context: self, source: source, options: key.options)
    // Another thread may have built the same program meanwhile: the first one stays.
    let program = programs.withLock { programs in
      let program = programs[key] ?? built
      programs[key] = program
      return program
    }
    return try Kernel(program: program, entryPoint: entryPoint)
  }

  private static func options(_ macros: [Macro]) -> String {
    macros.map { "-D\($0.name)=\($0.value)" }.joined(separator: " ")
  }

  /// The source at `path` with its includes.
  func source(_ path: String) throws(CLError) -> String {
    if let known = sources.withLock({ $0[path] }) { return known }
    let source = try kernels.source(path)
    sources.withLock { $0[path] = source }
    return source
  }

  /// A number that changes with the source of a program built with `macros`, or with its options.
  package func digest(_ source: String, macros: [Macro]) throws(CLError) -> UInt64 {
    let options = Program.options(Context.options(macros), for: device)
    return fnv1a("\(options)\n\(try self.source(source))".utf8)
  }

  /// Lets `report` get how far preparations are that may take long.
  package func reportPreparation(to report: @escaping @Sendable (Preparation) -> Void) {
    reporter.withLock { $0 = report }
  }

  /// Says how far a preparation is.
  package func report(_ preparation: Preparation) { reporter.withLock { $0 }(preparation) }

  /// Lets `compile` get kernels that are about to be built, so that a driver's cache has them then.
  package func compileAhead(by compile: @escaping @Sendable ([KernelBuild], _ bytes: Int) -> Void) {
    compiler.withLock { $0 = compile }
  }

  /// Says which kernels are about to be built; their buffers have `bytes` bytes at most.
  package func compileAhead(_ builds: [KernelBuild], bytes: Int) {
    compiler.withLock { $0 }(builds, bytes)
  }

  /// Forgets the built programs; those that kernels still use live on.
  package func releasePrograms() { programs.withLock { $0.removeAll() } }

  private struct ProgramKey: Hashable {
    var source: String
    var options: String
  }
}

// MARK: - Memory

extension Context {
  struct MemoryUse {
    var allocated = 0
    var peak = 0
  }

  /// Bytes of the buffers that are alive; parts of buffers are not counted again.
  package var allocatedBytes: Int { memory.withLock { $0.allocated } }

  /// The largest `allocatedBytes` so far, or since the last `resetPeakBytes()`.
  package var peakBytes: Int { memory.withLock { $0.peak } }

  /// Lets `peakBytes` start again from what is allocated now.
  package func resetPeakBytes() { memory.withLock { $0.peak = $0.allocated } }

  /// Counts `bytes` as allocated, or throws when the device can't have that many.
  ///
  /// Drivers that allocate on first use would fail later, in the middle of a step, or not at
  /// all and swap.
  func reserve(_ bytes: Int) throws(CLError) {
    guard bytes <= info.maxAllocation else {
      throw CLError(
        code: CL_INVALID_BUFFER_SIZE, function: "allocating \(bytes) bytes",
        detail: "\(info.name) allows \(info.maxAllocation) in one buffer")
    }
    let inUse: Int? = memory.withLock { memory in
      guard bytes <= info.globalMemory - memory.allocated else { return memory.allocated }
      memory.allocated += bytes
      return nil
    }
    if let inUse {
      throw CLError(
        code: CL_MEM_OBJECT_ALLOCATION_FAILURE, function: "allocating \(bytes) bytes",
        detail: "\(inUse) of the \(info.globalMemory) of \(info.name) are in use")
    }
  }

  /// Lets the peak include what is reserved, once the driver has given it.
  func confirmReservation() { memory.withLock { $0.peak = max($0.peak, $0.allocated) } }

  func unreserve(_ bytes: Int) { memory.withLock { $0.allocated -= bytes } }

  /// What an error with `status` adds about memory; empty for other errors.
  func explanation(of status: cl_int) -> String {
    guard CLError(code: status, function: "").isOutOfMemory else { return "" }
    return "\(allocatedBytes) of the \(info.globalMemory) bytes of \(info.name) are in use"
  }
}

/// One `-DNAME=VALUE` of a build.
package struct Macro: Hashable, Codable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: Int) {
    self.name = name
    self.value = String(value)
  }

  package init(_ name: String, _ value: Bool) { self.init(name, value ? 1 : 0) }

  /// A floating-point constant, written so that the kernel gets the same bits.
  package init(_ name: String, _ value: Float) {
    self.name = name
    self.value = "as_float(0x\(String(value.bitPattern, radix: 16))u)"
  }
}
