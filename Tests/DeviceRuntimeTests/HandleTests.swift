import Foundation
import TestSupport
import Testing

@testable import DeviceRuntime

@Suite struct HandleTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder([
      "scale.cl": ScratchKernels.scale, "broken.cl": "__kernel void broken( {",
    ])
  }

  private func makeContext(_ manager: DeviceManager) throws -> Context {
    let device = try TestDevice().context.device
    return try manager.makeContext(
      on: device, kernels: folder.kernels,
      cachingIn: ProgramCache(directory: folder.url.appending(path: "cache")))
  }

  private func run(in context: Context) throws {
    let queue = try context.makeQueue()
    let recorder = EventRecorder()
    queue.recorder = recorder
    let buffer = try context.makeBuffer(Float.self, count: 4096)
    let part = try buffer.part(of: Float.self, byteOffset: 0, count: 16)
    let c = try context.makeBuffer(Float.self, count: 4)
    try buffer.fill(1, on: queue)
    let kernel = try context.kernel("scale.cl", entryPoint: "scale")
    try kernel.setArguments([.buffer(part), .int(16), .float(3)])
    try queue.launch(kernel, over: NDRange(groups: NDRange.Size(16)), name: "scale")
    try BLAS.multiply(
      BLAS.Product(m: 2, n: 2, k: 2), part, part, into: c, on: queue, name: "product")
    #expect(try c.read(on: queue) == [18, 18, 18, 18])
    #expect(recorder.events.count == 2)
    let alive = context.ledger.alive
    #expect(
      alive == [
        "context": 1, "queue": 1, "buffer": 3, "program": 1, "kernel": 1, "event": 2,
      ])
  }

  @Test func everythingIsReleasedAfterARun() throws {
    let manager = try DeviceManager()
    try run(in: makeContext(manager))
    #expect(manager.ledger.alive == [:])
    try run(in: makeContext(manager))  // now the program comes from the cache
    #expect(manager.ledger.alive == [:])
  }

  @Test func everythingIsReleasedAfterErrors() throws {
    let manager = try DeviceManager()
    do {
      let context = try makeContext(manager)
      let queue = try context.makeQueue()
      let buffer = try context.makeBuffer(Float.self, count: 1024)
      #expect(throws: CLError.self) { try context.kernel("broken.cl", entryPoint: "broken") }
      #expect(throws: CLError.self) { try context.kernel("scale.cl", entryPoint: "nothing") }
      #expect(throws: CLError.self) { try context.makeBuffer(Float.self, count: 1 << 50) }
      #expect(throws: CLError.self) {
        try buffer.part(of: UInt8.self, byteOffset: 1, count: 1)  // not aligned
      }
      let kernel = try context.kernel("scale.cl", entryPoint: "scale")
      #expect(throws: CLError.self) {
        try queue.launch(kernel, over: NDRange(groups: NDRange.Size(1)), name: "no arguments")
      }
      #expect(
        manager.ledger.alive == ["context": 1, "queue": 1, "buffer": 1, "program": 1, "kernel": 1])
    }
    #expect(manager.ledger.alive == [:])
  }

  @Test func releasedProgramsLiveOnInTheirKernels() throws {
    let manager = try DeviceManager()
    let context = try makeContext(manager)
    do {
      let kernel = try context.kernel("scale.cl", entryPoint: "scale")
      context.releasePrograms()
      #expect(manager.ledger.alive == ["context": 1, "program": 1, "kernel": 1])
      #expect(kernel.argumentCount == 3)
    }
    #expect(manager.ledger.alive == ["context": 1])
    withExtendedLifetime(context) {}
  }

  @Test func argumentsKeepTheirBuffersAlive() throws {
    let manager = try DeviceManager()
    let context = try makeContext(manager)
    let kernel = try context.kernel("scale.cl", entryPoint: "scale")
    let queue = try context.makeQueue()
    do {
      let buffer = try context.makeBuffer(Float.self, count: 4)
      try buffer.fill(1, on: queue)
      try kernel.setArguments([.buffer(buffer), .int(4), .float(2)])
    }
    #expect(manager.ledger.alive["buffer"] == 1)
    try queue.launch(kernel, over: NDRange(groups: NDRange.Size(4)), name: "scale")
    try queue.finish()
    let other = try context.makeBuffer(Float.self, count: 4)
    try kernel.setArgument(0, .buffer(other))
    #expect(manager.ledger.alive["buffer"] == 1)
  }

  @Test func oneProgramServesAllItsKernels() throws {
    let manager = try DeviceManager()
    let context = try makeContext(manager)
    let kernels = try (0..<3).map { _ in try context.kernel("scale.cl", entryPoint: "scale") }
    let other = try context.kernel("scale.cl", entryPoint: "scale", macros: [Macro("VEC", 4)])
    #expect(manager.ledger.alive == ["context": 1, "program": 2, "kernel": 4])
    withExtendedLifetime((kernels, other)) {}
  }
}
