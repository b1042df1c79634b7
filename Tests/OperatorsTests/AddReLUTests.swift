import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about the sum with ReLU.
@Suite(.serialized)
struct AddReLUTests {
  private func forward(
    _ a: [Float], _ b: [Float], share: Float, on device: TestDevice
  ) throws -> [[Float]] {
    let problem = ElementCount(count: a.count)
    return try AddReLUForward.candidates(for: problem, on: device.context.info).map {
      let result = try run(
        AddReLUForward.self, problem, $0, [a, b], scalars: ["share": .float(share)], on: device)
      return try #require(result["y"])
    }
  }

  @Test("a share of 0 leaves b alone, whatever a holds")
  func nothingOfAWithScaleZero() throws {
    let b = (0..<21).map { Float($0) - 10 }
    let a = (0..<21).map { $0 % 3 == 0 ? Float.nan : $0 % 3 == 1 ? .infinity : 1 }
    for y in try forward(a, b, share: 0, on: TestDevice()) { #expect(y == b.map { max($0, 0) }) }
  }

  @Test("a share of 1 is a plain sum; a NaN is not hidden by the ReLU")
  func sumKeepsNaN() throws {
    let b = (0..<21).map { $0 == 4 || $0 == 20 ? Float.nan : 0.1 * Float($0) - 1 }
    let a = (0..<21).map { 0.3 - 0.01 * Float($0) }
    for y in try forward(a, b, share: 1, on: TestDevice()) {
      for index in y.indices {
        #expect(
          b[index].isNaN ? y[index].isNaN : y[index] == max(a[index] + b[index], 0), "\(index)")
      }
    }
  }
}
