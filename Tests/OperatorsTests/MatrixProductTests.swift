import Autotuner
import DeviceRuntime
import TestSupport
import Testing

@testable import Operators

/// How the tuning of CLBlast's parameters reaches the products of a plan.
struct MatrixProductTests {
  private func database(
    _ configuration: BLAS.Parameters, for problem: MatrixProduct.Problem = .networks,
    on info: DeviceInfo
  ) throws -> TuningDatabase {
    var database = TuningDatabase()
    database.replace(
      with: [
        try #require(
          TuningEntry(MatrixProduct.self, problem, configuration, seconds: 1, isComplete: true))
      ], on: info)
    return try TuningDatabase(json: database.json, path: "test")
  }

  private func gpu() throws -> DeviceInfo {
    var info = try TestDevice().context.info
    info.kind = .gpu
    info.maxWorkGroup = 256
    info.localMemory = 32 << 10
    return info
  }

  @Test("candidates are valid, fit the device, are few, and begin with CLBlast's own")
  func candidates() throws {
    var small = try gpu()
    small.maxWorkGroup = 64
    small.localMemory = 8 << 10
    for info in [try TestDevice().context.info, try gpu(), small] {
      let candidates = MatrixProduct.candidates(for: .networks, on: info)
      #expect(candidates.first == .own)
      #expect(Set(candidates).count == candidates.count && candidates.count > 4)
      #expect(candidates.count <= Search().exhaustiveLimit)
      #expect(candidates.allSatisfy { $0.fault == nil && $0.fits(info) })
    }
  }

  @Test("a result goes through a file to every product; one outside the space is not used")
  func choice() throws {
    let info = try gpu()
    let candidates = MatrixProduct.candidates(for: .networks, on: info)
    for candidate in candidates {
      let chooser = TunedChooser([try database(candidate, on: info)])
      #expect(chooser.productParameters(on: info) == candidate)
    }
    #expect(TunedChooser([]).productParameters(on: info) == .own)
    #expect(DefaultChooser().productParameters(on: info) == .own)
    let odd = BLAS.Parameters.direct(
      BLAS.Parameters.Direct(tile: 30, wgM: 7, wgN: 0, vecM: 1, vecN: .min))
    #expect(TunedChooser([try database(odd, on: info)]).productParameters(on: info) == .own)
    // Results for other products than this version's say nothing.
    let other = MatrixProduct.Problem(products: [MatrixProduct.Size(m: .max, n: 0, k: 0)])
    let chooser = TunedChooser([try database(candidates[1], for: other, on: info)])
    #expect(chooser.productParameters(on: info) == .own)
  }
}
