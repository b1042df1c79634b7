import COpenCL

/// A value for one argument of a kernel.
package enum KernelArgument {
  case buffer(any DeviceBuffer)
  case int(Int32)
  case uint(UInt32)
  case ulong(UInt64)
  case float(Float)

  /// The type's name in OpenCL C.
  var typeName: String {
    switch self {
    case .buffer(let buffer): buffer.elementName + "*"
    case .int: "int"
    case .uint: "uint"
    case .ulong: "ulong"
    case .float: "float"
    }
  }
}

/// One entry point of a program, with its own arguments.
///
/// Not thread-safe: setting arguments and launching belong to one thread.
package final class Kernel {
  package let name: String
  private let handle: Handle
  private let program: Program
  /// The declared types, empty where the driver does not tell.
  private let parameterTypes: [String]
  package let argumentCount: Int
  private var missing: Set<Int>
  private var retained: [Int: any DeviceBuffer] = [:]

  package var raw: cl_kernel { handle.raw }

  init(program: Program, entryPoint: String) throws(CLError) {
    let handle = try Handle(
      kind: "kernel", ledger: program.ledger, release: clReleaseKernel,
      function: "clCreateKernel of \(entryPoint) in \(program.path)"
    ) { status in clCreateKernel(program.raw, entryPoint, &status) }
    let raw = handle.raw
    var count: cl_uint = 0
    try check(
      clGetKernelInfo(raw, cl_kernel_info(CL_KERNEL_NUM_ARGS), 4, &count, nil),
      "clGetKernelInfo of \(entryPoint)")
    self.handle = handle
    self.program = program
    name = entryPoint
    argumentCount = Int(count)
    missing = Set(0..<argumentCount)
    parameterTypes = (0..<count).compactMap { index in
      var bytes = [UInt8](repeating: 0, count: 128)
      let status = clGetKernelArgInfo(
        raw, index, cl_kernel_arg_info(CL_KERNEL_ARG_TYPE_NAME), bytes.count, &bytes, nil)
      let name = plainTypeName(text(bytes))
      return status == CL_SUCCESS && !name.isEmpty ? name : nil
    }
  }

  /// Sets every argument; their number and types must be those of the kernel's declaration.
  package func setArguments(_ arguments: [KernelArgument]) throws(CLError) {
    guard arguments.count == argumentCount else {
      throw CLError(
        code: CL_INVALID_KERNEL_ARGS, function: "arguments of \(name)",
        detail: "expected \(argumentCount), got \(arguments.count)")
    }
    for (index, argument) in arguments.enumerated() { try setArgument(index, argument) }
  }

  /// Sets one argument.
  package func setArgument(_ index: Int, _ argument: KernelArgument) throws(CLError) {
    guard index >= 0 && index < argumentCount else {
      throw CLError(
        code: CL_INVALID_ARG_INDEX, function: "argument \(index) of \(name)",
        detail: "the kernel has \(argumentCount)")
    }
    if parameterTypes.count == argumentCount {
      guard parameterTypes[index] == argument.typeName else {
        throw CLError(
          code: CL_INVALID_ARG_VALUE, function: "argument \(index) of \(name)",
          detail: "expected \(parameterTypes[index]), got \(argument.typeName)")
      }
    }
    let status: cl_int
    switch argument {
    case .buffer(let buffer):
      var raw: cl_mem? = buffer.raw
      status = clSetKernelArg(self.raw, cl_uint(index), MemoryLayout<cl_mem>.size, &raw)
    case .int(var value): status = clSetKernelArg(raw, cl_uint(index), 4, &value)
    case .uint(var value): status = clSetKernelArg(raw, cl_uint(index), 4, &value)
    case .ulong(var value): status = clSetKernelArg(raw, cl_uint(index), 8, &value)
    case .float(var value): status = clSetKernelArg(raw, cl_uint(index), 4, &value)
    }
    try check(status, "clSetKernelArg \(index) of \(name)")
    missing.remove(index)
    if case .buffer(let buffer) = argument { retained[index] = buffer }
  }

  /// Sets every argument of a kernel whose results nobody reads.
  func setPlaceholders(_ buffer: Buffer<UInt8>, numbers: [Int: Int]) throws(CLError) {
    for (index, type) in parameterTypes.enumerated() {
      let status: cl_int
      switch type {
      case "ulong", "long":
        var one: UInt64 = 1
        status = clSetKernelArg(raw, cl_uint(index), 8, &one)
      case "int", "uint":
        var number = Int32(numbers[index] ?? 1)
        status = clSetKernelArg(raw, cl_uint(index), 4, &number)
      case "float":
        var one: Float = 1
        status = clSetKernelArg(raw, cl_uint(index), 4, &one)
      default:
        var memory: cl_mem? = buffer.raw
        status = clSetKernelArg(raw, cl_uint(index), MemoryLayout<cl_mem>.size, &memory)
        retained[index] = buffer
      }
      try check(status, "clSetKernelArg \(index) of \(name)")
      missing.remove(index)
    }
  }

  func requireAllArguments() throws(CLError) {
    guard missing.isEmpty else {
      throw CLError(
        code: CL_INVALID_KERNEL_ARGS, function: "launching \(name)",
        detail: "argument \(missing.sorted().map(String.init).joined(separator: ", ")) is not set")
    }
  }
}

/// A declared type as `KernelArgument.typeName` spells it.
///
/// Drivers differ in spaces, qualifiers and "unsigned"; vectors become their elements, for a
/// buffer of floats serves a `float4*`.
func plainTypeName(_ declared: String) -> String {
  let unsigned = declared.contains("unsigned")
  let qualifiers: Set<Substring> = [
    "const", "restrict", "volatile", "__global", "global", "unsigned",
  ]
  let words = declared.split { $0 == " " || $0 == "*" }.filter { !qualifiers.contains($0) }
  guard let word = words.first else { return "" }
  let isPointer = declared.contains("*")
  let element = isPointer ? String(word.prefix { !$0.isNumber }) : String(word)
  return (unsigned ? "u" : "") + element + (isPointer ? "*" : "")
}
