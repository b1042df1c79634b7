import COpenCL

/// A built program.
///
/// It does not keep its `Context` alive, which keeps its programs: the driver counts for itself.
package final class Program: @unchecked Sendable {  // cl_program is thread-safe once built
  let path: String
  let ledger: HandleLedger
  private let handle: Handle

  package var raw: cl_program { handle.raw }

  /// Options of every build; the argument information lets `Kernel` check what it is given.
  ///
  /// No warnings: on processors without AVX-512, pocl's compiler counts on standard error the
  /// functions that take a float16. The kernels' own warnings are found by the lint.
  static let commonOptions = "-cl-std=CL1.2 -cl-kernel-arg-info -w"

  /// Builds `source`, a path in the kernel library, with `options`.
  ///
  /// A failed build throws `CLError` with the compiler's log.
  init(context: Context, source path: String, options: String) throws(CLError) {
    let source = try context.source(path)
    let options = Program.options(options, for: context.device)
    self.path = path
    ledger = context.ledger
    guard let cache = context.programCache else {
      handle = try Program.build(source, path: path, options: options, context: context)
      return
    }
    let key = ProgramCache.Key(source: source, options: options, device: context.info)
    if let binary = cache.binary(for: key) {
      if let loaded = Program.load(binary, path: path, options: options, context: context) {
        handle = loaded
        return
      }
      cache.noteRefused()
    }
    handle = try Program.build(source, path: path, options: options, context: context)
    if let binary = Program.binary(handle) { cache.store(binary, for: key) }
  }

  /// The options of a build with `options` on a device.
  static func options(_ options: String, for device: Device) -> String {
    let subGroup = device.subGroup.map { " -DSUB_GROUP=\($0)" } ?? ""
    return "\(commonOptions)\(subGroup) \(options)"
  }

  private static func build(
    _ source: String, path: String, options: String, context: Context
  ) throws(CLError) -> Handle {
    let handle = try Handle(
      kind: "program", ledger: context.ledger, release: clReleaseProgram,
      function: "clCreateProgramWithSource of \(path)"
    ) { status in
      source.withCString { text in
        var pointer: UnsafePointer<CChar>? = text
        return clCreateProgramWithSource(context.raw, 1, &pointer, nil, &status)
      }
    }
    let status = build(handle, options: options, device: context.device)
    guard status == CL_SUCCESS else {
      throw CLError(
        code: status, function: "building \(path)",
        detail: buildLog(handle, device: context.device).map { "with \(options)\n\($0)" }
          ?? "with \(options), without a build log")
    }
    return handle
  }

  /// The program of a stored binary, or nil where the driver does not take it.
  private static func load(
    _ binary: [UInt8], path: String, options: String, context: Context
  ) -> Handle? {
    guard
      let handle = try? Handle(
        kind: "program", ledger: context.ledger, release: clReleaseProgram,
        function: "clCreateProgramWithBinary of \(path)",
        create: { status in
          binary.withUnsafeBufferPointer { bytes in
            var pointer = bytes.baseAddress
            var count = bytes.count
            var id: cl_device_id? = context.device.raw
            return clCreateProgramWithBinary(context.raw, 1, &id, &count, &pointer, nil, &status)
          }
        }), build(handle, options: options, device: context.device) == CL_SUCCESS
    else { return nil }
    return handle
  }

  private static func build(
    _ program: borrowing Handle, options: String, device: Device
  ) -> cl_int {
    var id: cl_device_id? = device.raw
    return clBuildProgram(program.raw, 1, &id, options, nil, nil)
  }

  /// The binary of a built program, or nil where the driver gives none.
  private static func binary(_ program: borrowing Handle) -> [UInt8]? {
    var size = 0
    guard
      clGetProgramInfo(
        program.raw, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size, nil)
        == CL_SUCCESS, size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { bytes in
      var pointer = bytes.baseAddress
      return clGetProgramInfo(
        program.raw, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout.size(ofValue: pointer),
        &pointer, nil)
    }
    return status == CL_SUCCESS ? bytes : nil
  }

  private static func buildLog(_ program: borrowing Handle, device: Device) -> String? {
    var size = 0
    let key = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    guard clGetProgramBuildInfo(program.raw, device.raw, key, 0, nil, &size) == CL_SUCCESS, size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    clGetProgramBuildInfo(program.raw, device.raw, key, size, &bytes, nil)
    return text(bytes)
  }
}
