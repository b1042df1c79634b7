import Autotuner
import Operators
import Testing

/// The reference of the padded shortcut by hand-made numbers.
struct PaddedShortcutTests {
  @Test func everySecondPixelThenZeros() {
    let problem = PaddedShortcutProblem(
      batch: 1, inHeight: 3, inWidth: 4, inChannels: 1, outChannels: 2, stride: 2)
    #expect(problem.outHeight == 2 && problem.outWidth == 2)
    let x = (1...12).map(Double.init)
    let y = PaddedShortcutForward.reference(problem, [x])[0].values
    #expect(y == [1, 0, 3, 0, 9, 0, 11, 0])
    let dx = PaddedShortcutBackward.reference(problem, [[1, 2, 3, 4, 5, 6, 7, 8]])[0].values
    #expect(dx == [1, 0, 3, 0, 0, 0, 0, 0, 5, 0, 7, 0])
  }
}
