import Autotuner
import Operators
import Testing

/// Which windows a pool has, and the average pool by hand.
struct PoolShapeTests {
  /// torch.nn.functional.max_pool2d of so many rows gives these, with ceil_mode where "up".
  @Test(arguments: [
    (32, 3, 2, 0, true, 16), (16, 3, 2, 0, true, 8), (32, 3, 2, 0, false, 15),
    (28, 3, 2, 0, true, 14), (224, 3, 2, 1, false, 112), (7, 2, 2, 0, true, 4),
    (7, 2, 2, 0, false, 3), (7, 2, 3, 1, true, 3), (5, 3, 2, 1, true, 3), (7, 8, 8, 0, true, 1),
    (6, 2, 4, 0, true, 2), (5, 2, 4, 0, true, 2), (4, 2, 4, 0, true, 1),
  ])
  func windowsAreThoseOfPyTorch(
    size: Int, kernel: Int, stride: Int, pad: Int, up: Bool, outputs: Int
  ) {
    let window = PoolWindow(kernel: kernel, stride: stride, pad: pad, roundsUp: up)
    #expect(window.outputs(over: size) == outputs)
  }

  @Test func aWindowLargerThanTheImageHangsOver() {
    for up in [false, true] {
      #expect(PoolWindow(kernel: 3, stride: 2, pad: 0, roundsUp: up).outputs(over: 1) == 1)
    }
  }

  /// torch.nn.functional.avg_pool2d(x, 3, 2, ceil_mode=True, count_include_pad=False).
  @Test func averageByHand() {
    let shape = PoolShape(
      batch: 1, inHeight: 4, inWidth: 3, channels: 1,
      window: PoolWindow(kernel: 3, stride: 2, pad: 0, roundsUp: true))
    let x: [Double] = [1, 5, 6, 7, 2, 3, 4, 7, 1, 8, 8, 2]
    // The second window has two rows.
    let y = AveragePoolForward.reference(shape, [x])[0].values
    #expect(largestDifference(y, [4, 5]) < 1e-12)
    let dx = AveragePoolBackward.reference(shape, [[9, 6]])[0].values
    #expect(dx == [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1])
  }

  @Test func averageGradientIsThatOfCentralDifferences() {
    let shape = PoolShape(
      batch: 2, inHeight: 5, inWidth: 4, channels: 2,
      window: PoolWindow(kernel: 3, stride: 2, pad: 1, roundsUp: true))
    let x = (0..<shape.inCount).map { Double($0 * 7 % 11) / 5 }
    let dy = (0..<shape.outCount).map { Double($0 * 5 % 7) - 3 }
    let differences = centralDifferences(at: x) { x in
      zip(AveragePoolForward.reference(shape, [x])[0].values, dy).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let gradient = AveragePoolBackward.reference(shape, [dy])[0].values
    #expect(largestDifference(gradient, differences) < 1e-8)
  }
}
