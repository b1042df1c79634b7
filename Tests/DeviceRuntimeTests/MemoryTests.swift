import COpenCL
import TestSupport
import Testing

@testable import DeviceRuntime

@Suite struct MemoryTests {
  private let context: Context
  private let queue: Queue

  init() throws {
    let test = try TestDevice()
    context = test.context
    queue = test.queue
  }

  @Test func allocatedAndPeakBytes() throws {
    #expect(context.allocatedBytes == 0 && context.peakBytes == 0)
    let first = try context.makeBuffer(Float.self, count: 1000)
    do {
      let second = try context.makeBuffer(UInt8.self, count: 500)
      let part = try first.part(of: Float.self, byteOffset: 0, count: 10)
      #expect(context.allocatedBytes == 4500)
      withExtendedLifetime((second, part)) {}
    }
    #expect(context.allocatedBytes == 4000 && context.peakBytes == 4500)
    _ = try context.makeBuffer(UInt8.self, count: 1)
    #expect(context.allocatedBytes == 4000 && context.peakBytes == 4500)
    context.resetPeakBytes()
    #expect(context.peakBytes == 4000)
    withExtendedLifetime(first) {}
  }

  @Test func accountingFromManyThreads() async throws {
    let context = context
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for count in 1...50 { _ = try? context.makeBuffer(Float.self, count: count) }
        }
      }
    }
    #expect(context.allocatedBytes == 0)
    #expect(context.peakBytes >= 200 && context.peakBytes <= 8 * 200)
  }

  @Test(arguments: [0, 1 << 40, Int.max / 4, Int.max])
  func bufferLargerThanTheDeviceAllows(_ extra: Int) throws {
    let count = extra == 0 ? context.info.maxAllocation / 4 + 1 : extra
    let error = #expect(throws: CLError.self) { try context.makeBuffer(Float.self, count: count) }
    #expect(error?.isOutOfMemory == true)
    #expect(error?.detail.contains("allows \(context.info.maxAllocation) in one buffer") == true)
    #expect(context.allocatedBytes == 0 && context.peakBytes == 0)
  }

  @Test func deviceWithoutEnoughMemory() throws {
    var buffers: [Buffer<UInt8>] = []
    let largest = context.info.maxAllocation
    let error = #expect(throws: CLError.self) {
      for _ in 0...context.info.globalMemory / largest {
        buffers.append(try context.makeBuffer(count: largest))
      }
    }
    #expect(error?.isOutOfMemory == true)
    #expect(context.allocatedBytes == buffers.count * largest)
    #expect(context.peakBytes == context.allocatedBytes)
    #expect(context.peakBytes <= context.info.globalMemory)
    buffers.removeAll()
    #expect(context.allocatedBytes == 0)
    #expect(try context.makeBuffer(Float.self, count: 16).count == 16)
  }

  /// Drivers that allocate late report it at a buffer's first use, by other codes than a creation
  /// does; `DeviceFaultTests` lets such a use fail.
  @Test func codesThatMeanTooLittleMemoryAreExplainedByWhatIsInUse() throws {
    let buffer = try context.makeBuffer(UInt8.self, count: 64)
    for code in [
      CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY,
      CL_INVALID_BUFFER_SIZE,
    ] {
      #expect(CLError(code: code, function: "").isOutOfMemory)
      #expect(context.explanation(of: code).hasPrefix("64 of the "))
    }
    for code in [CL_INVALID_VALUE, CL_INVALID_KERNEL_ARGS, CL_BUILD_PROGRAM_FAILURE] {
      #expect(!CLError(code: code, function: "").isOutOfMemory)
      #expect(context.explanation(of: code).isEmpty)
    }
    withExtendedLifetime(buffer) {}
  }

  @Test func partsAreViewsOfTheirBuffer() throws {
    let buffer = try context.makeBuffer(Float.self, count: 4096)
    try buffer.fill(1, on: queue)
    let offset = context.info.baseAlignment
    let part = try buffer.part(of: UInt32.self, byteOffset: offset, count: 2)
    try part.write([0x4000_0000, 0x4040_0000], on: queue)
    let start = offset / 4
    #expect(try buffer.read((start - 1)..<(start + 3), on: queue) == [1, 2, 3, 1])
    try buffer.write([7, 8], at: 4094, on: queue)
    #expect(try buffer.read(4093..<4096, on: queue) == [1, 7, 8])
    #expect(try buffer.read(5..<5, on: queue).isEmpty)
    try part.fill(0, on: queue)
    #expect(try buffer.read((start - 1)..<(start + 3), on: queue) == [1, 0, 0, 1])
  }
}
