import COpenCL

/// A failed OpenCL call: its code, the call, and what is known about the reason.
public struct CLError: Error, Sendable, CustomStringConvertible {
  /// The status code, for example -4.
  public let code: Int32
  /// The C function or the operation that failed.
  public let function: String
  /// The build log, or what was expected; empty where nothing more is known.
  public let detail: String

  package init(code: cl_int, function: String, detail: String = "") {
    self.code = code
    self.function = function
    self.detail = detail
  }

  /// The constant's name in cl.h, for example `CL_MEM_OBJECT_ALLOCATION_FAILURE`.
  public var name: String { CLError.names[code] ?? "error \(code)" }

  /// Whether the device ran out of memory or of another resource.
  public var isOutOfMemory: Bool {
    [
      CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY,
      CL_INVALID_BUFFER_SIZE,
    ].contains(code)
  }

  /// Whether the device or its driver stopped working in the middle of a process.
  ///
  /// The objects that calls are given are valid: a driver that does not know its own context or
  /// queue any more has lost the device, and so has one whose commands fail while they run.
  public var isDeviceLost: Bool {
    [
      CL_DEVICE_NOT_AVAILABLE, CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, CL_INVALID_DEVICE,
      CL_INVALID_CONTEXT, CL_INVALID_COMMAND_QUEUE,
    ].contains(code)
  }

  /// One sentence: the call, the constant's name, the detail.
  public var description: String {
    detail.isEmpty
      ? "\(function) failed with \(name)" : "\(function) failed with \(name): \(detail)"
  }

  private static let names: [cl_int: String] = [
    -1: "CL_DEVICE_NOT_FOUND", -2: "CL_DEVICE_NOT_AVAILABLE", -3: "CL_COMPILER_NOT_AVAILABLE",
    -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE", -5: "CL_OUT_OF_RESOURCES", -6: "CL_OUT_OF_HOST_MEMORY",
    -7: "CL_PROFILING_INFO_NOT_AVAILABLE", -8: "CL_MEM_COPY_OVERLAP",
    -9: "CL_IMAGE_FORMAT_MISMATCH", -10: "CL_IMAGE_FORMAT_NOT_SUPPORTED",
    -11: "CL_BUILD_PROGRAM_FAILURE", -12: "CL_MAP_FAILURE", -13: "CL_MISALIGNED_SUB_BUFFER_OFFSET",
    -14: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST", -15: "CL_COMPILE_PROGRAM_FAILURE",
    -16: "CL_LINKER_NOT_AVAILABLE", -17: "CL_LINK_PROGRAM_FAILURE",
    -18: "CL_DEVICE_PARTITION_FAILED", -19: "CL_KERNEL_ARG_INFO_NOT_AVAILABLE",
    -30: "CL_INVALID_VALUE", -31: "CL_INVALID_DEVICE_TYPE", -32: "CL_INVALID_PLATFORM",
    -33: "CL_INVALID_DEVICE", -34: "CL_INVALID_CONTEXT", -35: "CL_INVALID_QUEUE_PROPERTIES",
    -36: "CL_INVALID_COMMAND_QUEUE", -37: "CL_INVALID_HOST_PTR", -38: "CL_INVALID_MEM_OBJECT",
    -42: "CL_INVALID_BINARY", -43: "CL_INVALID_BUILD_OPTIONS", -44: "CL_INVALID_PROGRAM",
    -45: "CL_INVALID_PROGRAM_EXECUTABLE", -46: "CL_INVALID_KERNEL_NAME",
    -47: "CL_INVALID_KERNEL_DEFINITION", -48: "CL_INVALID_KERNEL", -49: "CL_INVALID_ARG_INDEX",
    -50: "CL_INVALID_ARG_VALUE", -51: "CL_INVALID_ARG_SIZE", -52: "CL_INVALID_KERNEL_ARGS",
    -53: "CL_INVALID_WORK_DIMENSION", -54: "CL_INVALID_WORK_GROUP_SIZE",
    -55: "CL_INVALID_WORK_ITEM_SIZE", -56: "CL_INVALID_GLOBAL_OFFSET",
    -57: "CL_INVALID_EVENT_WAIT_LIST", -58: "CL_INVALID_EVENT", -59: "CL_INVALID_OPERATION",
    -61: "CL_INVALID_BUFFER_SIZE", -63: "CL_INVALID_GLOBAL_WORK_SIZE", -64: "CL_INVALID_PROPERTY",
    -1001: "CL_PLATFORM_NOT_FOUND_KHR",
    // CLBlast's own
    -1011: "CLBlastInsufficientMemoryA", -1010: "CLBlastInsufficientMemoryB",
    -1009: "CLBlastInsufficientMemoryC", -1017: "CLBlastInvalidDimension",
    -1022: "CLBlastInvalidMatrixA", -1021: "CLBlastInvalidMatrixB",
    -1020: "CLBlastInvalidMatrixC", -2039: "CLBlastUnexpectedError",
    -2040: "CLBlastUnknownError", -2041: "CLBlastDatabaseError",
    -2046: "CLBlastInvalidLocalMemUsage", -2047: "CLBlastMissingOverrideParameter",
    -2048: "CLBlastInvalidOverrideKernel", -2049: "CLBlastInvalidBatchCount",
    -2050: "CLBlastInsufficientMemoryTemp",
  ]
}

/// The one place where a status code becomes an error.
package func check(_ status: cl_int, _ function: @autoclosure () -> String) throws(CLError) {
  if status != CL_SUCCESS { throw CLError(code: status, function: function()) }
}
