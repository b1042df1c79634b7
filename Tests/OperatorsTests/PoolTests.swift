import Autotuner
import Operators
import Testing

/// What is special about the global average pool.
struct PoolTests {
  @Test("the backward reference is the forward one's transpose")
  func backwardIsTheTranspose() {
    let problem = GlobalAveragePoolProblem(batch: 3, pixels: 7, channels: 5)
    var generator = ExampleGenerator(seed: 1)
    let x = generator.values(count: 3 * 7 * 5, kind: .random)
    let dy = generator.values(count: 3 * 5, kind: .random)
    let y = GlobalAveragePoolForward.reference(problem, [x])[0].values
    let dx = GlobalAveragePoolBackward.reference(problem, [dy])[0].values
    let left = zip(y, dy).reduce(0) { $0 + $1.0 * $1.1 }
    let right = zip(x, dx).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(left - right) < 1e-14)
  }

  @Test("the forward reference averages each image's channel over its pixels")
  func forwardAverages() {
    let problem = GlobalAveragePoolProblem(batch: 2, pixels: 2, channels: 3)
    let x = (0..<12).map(Double.init)
    let y = GlobalAveragePoolForward.reference(problem, [x])[0].values
    #expect(y == [1.5, 2.5, 3.5, 7.5, 8.5, 9.5])
  }
}
