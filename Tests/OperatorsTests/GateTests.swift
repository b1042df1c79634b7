import Autotuner
import Operators
import Testing

/// The references of the gate and of maxout.
struct GateTests {
  @Test func gateByHand() {
    let result = GateForward.reference(
      ElementCount(count: 3), [[2, 4, 6], [1, 0, 0.5], [10, 20, 30]])
    #expect(result[0].values == [2, 20, 18])
  }

  @Test func gateGradientsAreThoseOfCentralDifferences() {
    let problem = ElementCount(count: 4)
    let inputs: [[Double]] = [[0.5, -1, 2, 0], [0.1, 0.9, 0.5, 0.3], [1, 2, -1, 0.4]]
    let dy: [Double] = [1, -2, 0.5, 3]
    let gradients = GateBackward.reference(problem, [dy] + inputs)
    for place in 0..<3 {
      let differences = centralDifferences(at: inputs[place]) { moved in
        var all = inputs
        all[place] = moved
        return zip(GateForward.reference(problem, all)[0].values, dy)
          .reduce(0) { $0 + $1.0 * $1.1 }
      }
      #expect(largestDifference(gradients[place].values, differences) < 1e-8)
    }
  }

  @Test("of equals the first wins, of channels of the second piece those are n behind")
  func maxoutByHand() {
    let problem = MaxoutProblem(rows: 2, pieces: 2, channels: 3)
    let result = MaxoutForward.reference(problem, [[1, 5, 2, 3, 5, 0, 0, -1, -2, -3, 4, -2]])
    #expect(result[0].values == [3, 5, 2, 0, 4, -2])
    #expect(result[1].values == [1, 0, 0, 0, 1, 0])
    let dx = MaxoutBackward.reference(problem, [[1, 2, 3, 4, 5, 6], result[1].values])[0].values
    #expect(dx == [0, 2, 3, 1, 0, 0, 4, 0, 6, 0, 5, 0])
  }
}
