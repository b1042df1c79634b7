import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about dropout.
@Suite(.serialized)
struct DropoutTests {
  private let count = 100_000

  private func dropped(
    _ mask: DropoutMask, candidate: Int = 0, on device: TestDevice
  ) throws -> [Float] {
    let problem = Dropout.Problem(count: count, rate: mask.rate)
    let configuration = Dropout.candidates(for: problem, on: device.context.info)[candidate]
    let ones = [Float](repeating: 1, count: count)
    return try #require(
      run(Dropout.self, problem, configuration, [ones], scalars: mask.scalars, on: device)["y"])
  }

  @Test("the kept fraction is right within 4 sigma", arguments: [Float(0), 0.1, 0.3, 0.5, 0.9])
  func keptFraction(rate: Float) throws {
    let y = try dropped(DropoutMask(rate: rate, seed: 1, step: 2, layer: 3), on: TestDevice())
    #expect(y.allSatisfy { $0 == 0 || $0 == 1 / (1 - rate) })
    let (n, p) = (Double(count), 1 - Double(rate))
    let kept = Double(y.count { $0 != 0 })
    #expect(abs(kept - n * p) <= 4 * (n * p * (1 - p)).squareRoot() + 0.5)
  }

  @Test("seed, step and layer each choose another mask, independent of the first")
  func masksDiffer() throws {
    let device = try TestDevice()
    let masks = [
      DropoutMask(rate: 0.5, seed: 1, step: 2, layer: 3),
      DropoutMask(rate: 0.5, seed: 1, step: 3, layer: 3),
      DropoutMask(rate: 0.5, seed: 1, step: 2, layer: 4),
      DropoutMask(rate: 0.5, seed: 2, step: 2, layer: 3),
      DropoutMask(rate: 0.5, seed: 1 + (1 << 32), step: 2, layer: 3),
      DropoutMask(rate: 0.5, seed: 1, step: 3, layer: 2),
    ]
    let results = try masks.map { try dropped($0, on: device) }
    for first in results.indices {
      for second in results.indices where second > first {
        let equal = Double(zip(results[first], results[second]).count { $0 == $1 })
        #expect(abs(equal - 5e4) < 4 * 2.5e4.squareRoot(), "masks \(first) and \(second)")
      }
    }
  }

  @Test("every configuration draws the same mask")
  func configurationsAgree() throws {
    let device = try TestDevice()
    let mask = DropoutMask(rate: 0.3, seed: 5, step: 6, layer: 7)
    let problem = Dropout.Problem(count: count, rate: 0.3)
    let expected = (0..<count).map { Float(mask.factor($0)) }
    for candidate in Dropout.candidates(for: problem, on: device.context.info).indices {
      #expect(try dropped(mask, candidate: candidate, on: device) == expected)
    }
  }
}
