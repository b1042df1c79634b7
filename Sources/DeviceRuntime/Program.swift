import COpenCL

/// A built program.
package final class Program: @unchecked Sendable {  // cl_program is thread-safe once built
  package let raw: cl_program
  let context: Context
  let path: String

  /// Options of every build; the argument information lets `Kernel` check what it is given.
  static let commonOptions = "-cl-std=CL1.2 -cl-kernel-arg-info"

  /// Builds `source`, a path in the kernel library, with `options`.
  ///
  /// A failed build throws `CLError` with the compiler's log.
  init(context: Context, source path: String, options: String) throws(CLError) {
    let source = try context.kernels.source(path)
    let options = "\(Program.commonOptions) \(options)"
    var status: cl_int = 0
    let raw = source.withCString { text in
      var pointer: UnsafePointer<CChar>? = text
      return clCreateProgramWithSource(context.raw, 1, &pointer, nil, &status)
    }
    try check(status, "clCreateProgramWithSource of \(path)")
    guard let raw else {
      throw CLError(code: CL_INVALID_PROGRAM, function: "clCreateProgramWithSource of \(path)")
    }
    var device: cl_device_id? = context.device.raw
    let built = clBuildProgram(raw, 1, &device, options, nil, nil)
    guard built == CL_SUCCESS else {
      let log = Program.buildLog(raw, device: context.device)
      clReleaseProgram(raw)
      throw CLError(
        code: built, function: "building \(path)", detail: "with \(options)\n\(log)")
    }
    self.raw = raw
    self.context = context
    self.path = path
    context.ledger.created("program")
  }

  deinit {
    clReleaseProgram(raw)
    context.ledger.released("program")
  }

  private static func buildLog(_ program: cl_program, device: Device) -> String {
    var size = 0
    let key = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    guard clGetProgramBuildInfo(program, device.raw, key, 0, nil, &size) == CL_SUCCESS, size > 0
    else { return "(no build log)" }
    var bytes = [UInt8](repeating: 0, count: size)
    clGetProgramBuildInfo(program, device.raw, key, size, &bytes, nil)
    return text(bytes)
  }
}
