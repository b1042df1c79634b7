import COpenCL
import TestSupport
import Testing

@testable import DeviceRuntime

@Suite struct KernelTests {
  private let folder: ScratchFolder
  private let context: Context
  private let queue: Queue

  init() throws {
    folder = try ScratchFolder([
      "scale.cl": ScratchKernels.scale,
      "types.cl": """
      __kernel void types(
          const __global float* restrict a, __global int* b, __global const uint* c,
          __global uchar* d, __global ulong* e, __global float4* f, const unsigned int g,
          const ulong h, float i, int j) {
        if (get_global_id(0) == 0)
          f[0] = (float4)(a[0] + b[0], c[0] + d[0], e[0] + g, h + i + j);
      }
      """,
    ])
    let test = try TestDevice()
    context = try test.manager.makeContext(
      on: test.context.device, kernels: folder.kernels)
    queue = try context.makeQueue()
  }

  private func makeBuffer<Element: BitwiseCopyable>(_ values: [Element]) throws -> Buffer<Element> {
    let buffer = try context.makeBuffer(Element.self, count: values.count)
    try buffer.write(values, on: queue)
    return buffer
  }

  private func scale() throws -> Kernel { try context.kernel("scale.cl", entryPoint: "scale") }

  @Test func everyTypeOfArgumentArrives() throws {
    let kernel = try context.kernel("types.cl", entryPoint: "types")
    let result = try makeBuffer([Float](repeating: 0, count: 4))
    try kernel.setArguments([
      .buffer(makeBuffer([Float(0.5)])), .buffer(makeBuffer([Int32(-3)])),
      .buffer(makeBuffer([UInt32(7)])), .buffer(makeBuffer([UInt8(200)])),
      .buffer(makeBuffer([UInt64(9)])), .buffer(result), .uint(11), .ulong(13), .float(0.25),
      .int(-1),
    ])
    try queue.launch(kernel, over: NDRange(groups: NDRange.Size(1)), name: "types")
    #expect(try result.read(on: queue) == [-2.5, 207, 20, 12.25])
  }

  @Test func wrongNumberOfArguments() throws {
    let buffer = try makeBuffer([Float(1)])
    let kernel = try scale()
    for arguments: [KernelArgument] in [
      [], [.buffer(buffer), .int(1)], [.buffer(buffer), .int(1), .float(1), .int(1)],
    ] {
      let error = #expect(throws: CLError.self) { try kernel.setArguments(arguments) }
      #expect(error?.code == CL_INVALID_KERNEL_ARGS)
      #expect(error?.detail == "expected 3, got \(arguments.count)")
    }
  }

  @Test func wrongTypeOfArgument() throws {
    let floats = try makeBuffer([Float(1)])
    let ints = try makeBuffer([Int32(1)])
    let kernel = try scale()
    for (index, argument, detail): (Int, KernelArgument, String) in [
      (0, .buffer(ints), "expected float*, got int*"), (0, .int(0), "expected float*, got int"),
      (1, .uint(1), "expected int, got uint"), (1, .float(1), "expected int, got float"),
      (1, .buffer(floats), "expected int, got float*"), (2, .ulong(1), "expected float, got ulong"),
    ] {
      let error = #expect(throws: CLError.self) { try kernel.setArgument(index, argument) }
      #expect(error?.code == CL_INVALID_ARG_VALUE)
      #expect(error?.function == "argument \(index) of scale")
      #expect(error?.detail == detail)
    }
  }

  @Test(arguments: [-1, 3, Int.max])
  func indexOutOfRange(_ index: Int) throws {
    let kernel = try scale()
    let error = #expect(throws: CLError.self) { try kernel.setArgument(index, .int(1)) }
    #expect(error?.code == CL_INVALID_ARG_INDEX)
    #expect(error?.detail == "the kernel has 3")
  }

  @Test func missingArgument() throws {
    let kernel = try scale()
    let buffer = try makeBuffer([Float(1), 2])
    try kernel.setArgument(0, .buffer(buffer))
    let range = NDRange(groups: NDRange.Size(2))
    let error = #expect(throws: CLError.self) {
      try queue.launch(kernel, over: range, name: "scale")
    }
    #expect(error?.code == CL_INVALID_KERNEL_ARGS)
    #expect(error?.detail == "argument 1, 2 is not set")
    try kernel.setArgument(2, .float(3))
    try kernel.setArgument(1, .int(1))
    try queue.launch(kernel, over: range, name: "scale")
    #expect(try buffer.read(on: queue) == [3, 2])
  }

  @Test func unknownEntryPoint() {
    let error = #expect(throws: CLError.self) {
      try context.kernel("scale.cl", entryPoint: "scales")
    }
    #expect(error?.name == "CL_INVALID_KERNEL_NAME")
    #expect(error?.function.contains("scales in scale.cl") == true)
  }

  @Test func impossibleLaunchIsAnErrorWithItsName() throws {
    let kernel = try scale()
    try kernel.setArguments([.buffer(makeBuffer([Float(1)])), .int(1), .float(1)])
    let range = NDRange(
      groups: NDRange.Size(1), local: NDRange.Size(context.info.maxWorkGroup * 2))
    let error = #expect(throws: CLError.self) {
      try queue.launch(kernel, over: range, name: "group3.scale")
    }
    #expect(error?.function == "clEnqueueNDRangeKernel of group3.scale")
    #expect(error?.isOutOfMemory == false)
  }

  @Test(arguments: [
    ("float*", "float*"), ("const float *", "float*"), ("__global uint*", "uint*"),
    ("unsigned int", "uint"), ("unsigned char *", "uchar*"), ("float16*", "float*"),
    ("float4", "float4"), ("", ""),
  ])
  func spellingsOfATypeByOtherDrivers(_ declared: String, _ plain: String) {
    #expect(plainTypeName(declared) == plain)
  }
}
