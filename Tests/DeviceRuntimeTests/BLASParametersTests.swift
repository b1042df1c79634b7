import COpenCL
import TestSupport
import Testing

@testable import DeviceRuntime

/// CLBlast's kernels with parameters other than its own.
@Suite(.serialized)
struct BLASParametersTests {
  private typealias Parameters = BLAS.Parameters

  private let queue: Queue

  // Small tiles are quick to compile.
  private static let direct = Parameters.Direct(tile: 8, wgM: 4, wgN: 2, vecM: 1, vecN: 4)
  private static let padded = Parameters.Padded(
    tileM: 16, tileN: 8, tileK: 4, wgM: 2, wgN: 1, vecM: 8, vecN: 4, usesLocal: false)

  init() throws { queue = try TestDevice().queue }

  private func product(_ parameters: Parameters?, k: Int = 17) -> BLAS.Product {
    var product = BLAS.Product(m: 33, n: 65, k: k)
    product.parameters = parameters
    return product
  }

  private func result(_ product: BLAS.Product) throws -> [Float] {
    var state: UInt32 = 1
    func buffer(_ count: Int) throws -> Buffer<Float> {
      let buffer = try queue.context.makeBuffer(Float.self, count: count)
      let values = (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return Float(state >> 8) * 0x1p-24
      }
      try buffer.write(values, on: queue)
      return buffer
    }
    let result = try buffer(product.m * product.n)
    try BLAS.multiply(
      product, buffer(product.m * product.k), buffer(product.k * product.n), into: result,
      on: queue, name: "product")
    return try result.read(on: queue)
  }

  @Test("CLBlast pads for the tiles it was given, and gets its own parameters back")
  func temporaryMemory() throws {
    func bytes(_ parameters: Parameters?) throws -> Int {
      try BLAS.temporaryBytes(product(parameters), on: queue)
    }
    let own = try bytes(nil)
    #expect(try bytes(.direct(Self.direct)) == 0)
    // 33, 65 and 17 become whole tiles.
    var padded = Self.padded
    #expect(try bytes(.padded(padded)) == 4 * (48 * 20 + 72 * 20 + 48 * 72))
    padded.tileM = 64
    #expect(try bytes(.padded(padded)) == 4 * (64 * 20 + 72 * 20 + 64 * 72))
    #expect(try bytes(.own) == own)
    #expect(try bytes(nil) == own)
  }

  @Test("CLBlast itself says that it uses what it was given")
  func readBack() throws {
    func values(_ target: Parameters.Target, _ parameters: Parameters) throws -> [String: Int] {
      try BLAS.values(of: target, with: parameters, on: queue.context.device)
    }
    let targets = Parameters.Target.allCases
    let own = try targets.map { try values($0, .own) }
    for parameters in [Parameters.direct(Self.direct), .padded(Self.padded)] {
      for (target, own) in zip(targets, own) {
        #expect(try values(target, parameters) == parameters.values(of: target) ?? own)
      }
    }
    #expect(try targets.map { try values($0, .own) } == own)
  }

  @Test("products in turns keep their parameters, and the same ones give the same bits")
  func bits() throws {
    let own = try result(product(.own, k: 301))
    let padded = try result(product(.padded(Self.padded), k: 301))
    #expect(zip(own, padded).allSatisfy { abs($0 - $1) < 1e-4 * 301 })
    #expect(try result(product(.own, k: 301)) == own)
    #expect(try result(product(.padded(Self.padded), k: 301)) == padded)
  }

  @Test("parameters that no kernel can be built with are refused in one line, and nothing changes")
  func refused() throws {
    func fault(_ change: (inout Parameters.Padded) -> Void) throws -> String? {
      var padded = Self.padded
      change(&padded)
      let error = #expect(throws: CLError.self) { try result(product(.padded(padded))) }
      #expect(error?.function == "CLBlast's parameters \(Parameters.padded(padded))")
      return error?.detail
    }
    let before = try result(product(.own))
    #expect(try fault { $0.tileM = 30 } == "tileM is no multiple of wgM x vecM")
    #expect(try fault { $0.tileN = 6 } == "tileN is no multiple of wgN x vecN")
    #expect(try fault { $0.tileK = 17 } == "tileK is no multiple of the unrolling")
    #expect(try fault { ($0.tileM, $0.wgM) = (64, 8) } == "tileK is no multiple of wgM")
    #expect(try fault { $0.vecM = 3 } == "there are no vectors of that length")
    for size in [Int.min, -1, 0, Int.max] {
      #expect(try fault { $0.wgM = size } == "a size is not in 1...1024")
    }
    var direct = Self.direct
    direct.tile = 12
    #expect(Parameters.direct(direct).fault == "the tile is no multiple of wgN x vecN")
    #expect(try result(product(.own)) == before)
  }

  @Test("what is too much for the device is CLBlast's error, not a trap")
  func tooLarge() throws {
    let parameters = Parameters.padded(
      Parameters.Padded(
        tileM: 128, tileN: 128, tileK: 128, wgM: 128, wgN: 128, vecM: 1, vecN: 1, usesLocal: false))
    #expect(parameters.fault == nil && !parameters.fits(queue.context.info))
    let error = #expect(throws: CLError.self) { try result(product(parameters)) }
    #expect(error?.name == "CL_INVALID_WORK_GROUP_SIZE")
    #expect(error?.detail == "m 33, n 65, k 17, parameters \(parameters)")
  }
}
