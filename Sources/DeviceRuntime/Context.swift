import COpenCL
import Synchronization

/// An OpenCL context on one device, with the programs built in it.
package final class Context: @unchecked Sendable {  // cl_context is thread-safe by the standard
  package let raw: cl_context
  package let device: Device
  package let kernels: KernelLibrary
  package let ledger: HandleLedger
  private let programs = Mutex<[ProgramKey: Program]>([:])

  init(device: Device, kernels: KernelLibrary, ledger: HandleLedger) throws(CLError) {
    var status: cl_int = 0
    var id: cl_device_id? = device.raw
    let raw = clCreateContext(nil, 1, &id, nil, nil, &status)
    try check(status, "clCreateContext")
    guard let raw else { throw CLError(code: CL_INVALID_CONTEXT, function: "clCreateContext") }
    self.raw = raw
    self.device = device
    self.kernels = kernels
    self.ledger = ledger
    ledger.created("context")
  }

  deinit {
    clReleaseContext(raw)
    ledger.released("context")
  }

  package var info: DeviceInfo { device.info }

  package func makeQueue() throws(CLError) -> Queue { try Queue(context: self) }

  /// A buffer of `count` elements, not initialised.
  package func makeBuffer<Element: BitwiseCopyable>(
    _ type: Element.Type = Element.self, count: Int
  ) throws(CLError) -> Buffer<Element> {
    try Buffer(context: self, count: count)
  }

  /// The kernel `entryPoint` of the program `source` built with `macros`; programs are built once.
  package func kernel(
    _ source: String, entryPoint: String, macros: [Macro] = []
  ) throws(CLError) -> Kernel {
    let key = ProgramKey(
      source: source, options: macros.map { "-D\($0.name)=\($0.value)" }.joined(separator: " "))
    if let program = programs.withLock({ $0[key] }) {
      return try Kernel(program: program, entryPoint: entryPoint)
    }
    let program = try Program(context: self, source: source, options: key.options)
    programs.withLock { $0[key] = program }
    return try Kernel(program: program, entryPoint: entryPoint)
  }

  /// Forgets the built programs; those that kernels still use live on.
  package func releasePrograms() { programs.withLock { $0.removeAll() } }

  private struct ProgramKey: Hashable {
    var source: String
    var options: String
  }
}

/// One `-DNAME=VALUE` of a build.
package struct Macro: Hashable, Sendable {
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
