import Autotuner
import DeviceRuntime
import Operators
import TestSupport
import Testing

/// What is special about the max pool: ties, NaN and its edges.
@Suite(.serialized)
struct MaxPoolTests {
  private let window = PoolWindow(kernel: 3, stride: 2, pad: 1)

  @Test("the reference by hand: an edge that the last window hangs over")
  func hand() {
    let problem = MaxPoolProblem(
      shape: PoolShape(batch: 1, inHeight: 4, inWidth: 3, channels: 1, window: window))
    #expect(problem.shape.outHeight == 2 && problem.shape.outWidth == 2)
    let x: [Double] = [1, 5, 5, 7, 2, 3, 4, 7, 6, 8, 8, 9]
    let result = MaxPoolForward.reference(problem, [x])
    #expect(result[0].values == [7, 5, 8, 9])
    // Pixels (1, 0), (0, 1), (3, 0) and (3, 2): the first of each window's largest.
    #expect(result[1].values == [7, 3, 7, 7])
    let dx = MaxPoolBackward.reference(problem, [[1, 2, 3, 4], result[1].values])[0].values
    #expect(dx == [0, 2, 0, 1, 0, 0, 0, 0, 0, 3, 0, 4])
  }

  /// torch.nn.functional.max_pool2d(x, 3, 2, 1, return_indices=True) gives these.
  @Test("the first of equals wins, a NaN before numbers, the last NaN of several")
  func winnersAreThoseOfPyTorch() throws {
    let device = try TestDevice()
    let (nan, low) = (Float.nan, -Float.infinity)
    let images: [[Float]] = [
      [3, 3, 3, 3, 3, 3, 3, 3, 3], [0, nan, 9, nan, 1, 2, 3, 4, 5],
      [low, low, low, low, low, low, low, low, low],
    ]
    // The windows of a 3x3 image are its corners' 2x2 pixels.
    let winners: [[Float]] = [[4, 3, 1, 0], [7, 3, 1, 4], [4, 3, 1, 0]]
    let maxima: [[Float]] = [[3, 3, 3, 3], [nan, nan, nan, 5], [low, low, low, low]]
    for channels in [1, 4, 16] {
      let problem = MaxPoolProblem(
        shape: PoolShape(
          batch: 3, inHeight: 3, inWidth: 3, channels: channels, window: window))
      func everyChannel(_ images: [[Float]]) -> [Float] {
        images.joined().flatMap { Array(repeating: $0, count: channels) }
      }
      for configuration in MaxPoolForward.candidates(for: problem, on: device.context.info) {
        let result = try run(
          MaxPoolForward.self, problem, configuration, [everyChannel(images)], on: device)
        #expect(result["winners"] == everyChannel(winners), "\(configuration)")
        // No NaN equals another.
        #expect(
          result["y"]?.map { $0.isNaN ? 0 : $0 + 1 }
            == everyChannel(maxima).map { $0.isNaN ? 0 : $0 + 1 },
          "\(configuration)")
      }
    }
  }
}
