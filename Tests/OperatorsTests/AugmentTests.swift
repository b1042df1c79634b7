import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about augmentation.
@Suite(.serialized)
struct AugmentTests {
  private func problem(
    batch: Int = 1, size: Int = 5, channels: Int = 1, total: Int? = nil, flip: Bool = false,
    pad: Int, padMode: Augment.PadMode = .reflect
  ) -> Augment.Problem {
    Augment.Problem(
      batch: batch, height: size, width: size, channels: channels, total: total ?? batch,
      flip: flip, pad: pad, padMode: padMode)
  }

  private func scalars(first: Int = 0, valid: Int, seed: UInt32, step: UInt32) -> DynamicScalars {
    [
      "first": .int(Int32(first)), "valid": .int(Int32(valid)), "seedLow": .uint(seed),
      "seedHigh": .uint(0), "step": .uint(step),
    ]
  }

  @Test("a row of five pixels is mirrored without repeating its edge, by hand")
  func reflection() throws {
    let device = try TestDevice()
    let padded: [Float] = [4, 3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1, 0]
    let problem = problem(batch: 200, pad: 4)
    // Every pixel of an image has its column's number in one half, its row's in the other.
    let images = (0..<200).flatMap { image in
      (0..<25).map { Float(image < 100 ? $0 % 5 : $0 / 5) }
    }
    let draws = AugmentDraws(problem: problem, seed: 6, step: 2)
    for configuration in Augment.candidates(for: problem, on: device.context.info) {
      let result = try run(
        Augment.self, problem, configuration,
        [images, Array(repeating: 0, count: 200), (0..<200).map { Float($0) }, [0], [1]],
        scalars: scalars(valid: 200, seed: 6, step: 2), on: device)
      let x = try #require(result["x"])
      for slot in 0..<200 {
        let draw = draws[slot]
        for pixel in 0..<25 {
          let at = slot < 100 ? draw.left + pixel % 5 : draw.top + pixel / 5
          #expect(x[slot * 25 + pixel] == padded[at], "\(configuration) slot \(slot)")
        }
      }
    }
    let offsets = Set((0..<100).map { draws[$0].left })
    #expect(offsets == Set(0...8), "not every crop was seen")
  }

  @Test("an image is flipped before it is padded, by hand")
  func flipBeforePadding() throws {
    let problem = problem(batch: 64, flip: true, pad: 2, padMode: .zero)
    let draws = AugmentDraws(problem: problem, seed: 1, step: 1)
    let padded: [Int?] = [nil, nil, 4, 3, 2, 1, 0, nil, nil]
    var seen = 0
    for slot in 0..<64 where draws[slot].flipped && draws[slot].top == 2 {
      let draw = draws[slot]
      #expect(
        (0..<5).map { draw.source(row: 3, column: $0)?.column }
          == (0..<5).map { padded[draw.left + $0] })
      seen += 1
    }
    #expect(seen > 0)
  }

  @Test("padding with zeros is zero after normalisation")
  func zerosAfterNormalisation() throws {
    let device = try TestDevice()
    let problem = problem(batch: 50, channels: 3, pad: 3, padMode: .zero)
    let draws = AugmentDraws(problem: problem, seed: 2, step: 0)
    for configuration in Augment.candidates(for: problem, on: device.context.info) {
      let result = try run(
        Augment.self, problem, configuration,
        [
          Array(repeating: 200, count: 50 * 75), Array(repeating: 1, count: 50),
          (0..<50).map { Float($0) }, [100, 120, 140], [0.5, 0.25, 0.125],
        ], scalars: scalars(valid: 50, seed: 2, step: 0), on: device)
      let x = try #require(result["x"])
      for slot in 0..<50 {
        for pixel in 0..<25 {
          let inside = draws[slot].source(row: pixel / 5, column: pixel % 5) != nil
          let start = (slot * 25 + pixel) * 3
          #expect(
            Array(x[start..<start + 3]) == (inside ? [50, 20, 7.5] : [0, 0, 0]),
            "\(configuration) slot \(slot) pixel \(pixel)")
        }
      }
    }
  }

  @Test("without flip and padding the images come in order, only normalised")
  func evaluation() throws {
    let device = try TestDevice()
    let problem = problem(batch: 3, size: 3, channels: 2, total: 7, pad: 0)
    let images = (0..<7 * 18).map { Float($0 * 2) }
    for configuration in Augment.candidates(for: problem, on: device.context.info) {
      let result = try run(
        Augment.self, problem, configuration,
        [images, [9, 8, 7, 6, 5, 4, 3], [0, 2, 4, 6, 1, 3, 5], [1, 2], [2, 4]],
        scalars: scalars(first: 2, valid: 3, seed: 3, step: 4), on: device)
      #expect(result["labels"] == [5, 3, 8], "\(configuration)")
      var expected: [Float] = []
      for image in [4, 6, 1] {
        for value in 0..<18 {
          let (mean, inverse): (Float, Float) = value % 2 == 0 ? (1, 2) : (2, 4)
          expected.append((images[image * 18 + value] - mean) * inverse)
        }
      }
      #expect(result["x"] == expected, "\(configuration)")
    }
  }

  @Test("slots behind the valid ones are zero and read nothing", arguments: [0, 1, 3])
  func invalidSlots(valid: Int) throws {
    let device = try TestDevice()
    let problem = problem(batch: 4, size: 6, flip: true, pad: 2)
    // An order from `valid` on that leads far outside of every buffer.
    let order = (0..<4).map { $0 < valid ? Float($0) : 4e9 }
    for configuration in Augment.candidates(for: problem, on: device.context.info) {
      let result = try run(
        Augment.self, problem, configuration,
        [
          Array(repeating: 3, count: 4 * 36), Array(repeating: 5, count: 4), order, [0], [1],
        ], scalars: scalars(valid: valid, seed: 8, step: 9), on: device)
      #expect(result["labels"] == (0..<4).map { $0 < valid ? 5 : 0 }, "\(configuration)")
      let x = try #require(result["x"])
      #expect(x == (0..<4 * 36).map { $0 < valid * 36 ? 3 : 0 }, "\(configuration)")
    }
  }

  @Test("flips and offsets have the right distribution within 4 sigma")
  func distribution() {
    let problem = problem(size: 32, flip: true, pad: 4)
    var flips = 0
    var crops = [Int](repeating: 0, count: 81)
    var flippedAtZero = 0
    let (steps, slots) = (200, 128)
    for step in 0..<steps {
      let draws = AugmentDraws(problem: problem, seed: 42, step: UInt32(step))
      for slot in 0..<slots {
        let draw = draws[slot]
        flips += draw.flipped ? 1 : 0
        crops[draw.top * 9 + draw.left] += 1
        flippedAtZero += draw.flipped && draw.top == 0 ? 1 : 0
      }
    }
    let n = Double(steps * slots)
    func isNear(_ count: Int, _ p: Double) -> Bool {
      abs(Double(count) - n * p) < 4 * (n * p * (1 - p)).squareRoot()
    }
    #expect(isNear(flips, 0.5))
    #expect(isNear(flippedAtZero, 0.5 / 9))
    // Chi squared of 80 degrees of freedom: mean 80, deviation sqrt(160).
    let chi = crops.reduce(0) { $0 + (Double($1) - n / 81) * (Double($1) - n / 81) / (n / 81) }
    #expect(abs(chi - 80) < 4 * 160.0.squareRoot(), "chi squared \(chi)")
  }

  @Test("seed and step each choose other draws")
  func drawsDiffer() {
    let problem = problem(size: 32, flip: true, pad: 4)
    let choices: [(UInt64, UInt32)] = [(1, 1), (1, 2), (2, 1), (1 + 1 << 32, 1)]
    let draws = choices.map { seed, step in
      let draws = AugmentDraws(problem: problem, seed: seed, step: step)
      return (0..<500).map { [draws[$0].top, draws[$0].left] }
    }
    for first in draws.indices {
      for second in draws.indices where second > first {
        // 500 / 81 are equal by chance.
        #expect(zip(draws[first], draws[second]).count { $0 == $1 } < 20)
      }
    }
  }
}
