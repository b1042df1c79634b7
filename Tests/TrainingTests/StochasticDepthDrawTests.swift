import Graph
import Models
import Testing
import Training

struct StochasticDepthDrawTests {
  private func network(_ name: String) throws -> Network {
    try ModelName(parsing: name).model()
      .network(image: ImageShape(height: 32, width: 32, channels: 3), classes: 10)
  }

  @Test func survivalFallsLinearly() throws {
    let network = try network("stochastic-depth-110")
    #expect(network.survivals.count == 54)
    #expect(network.survivals.last == 0.5)
    #expect(abs(network.survivals[0] - (1 - 0.5 / 54)) < 1e-12)
    #expect(abs(network.survivals[26] - 0.75) < 1e-12)
    #expect(try self.network("resnet-110").survivals.isEmpty)
  }

  @Test func drawsFollowTheProbabilities() throws {
    let network = try network("stochastic-depth-20")
    let steps = 4000
    var dropped = [Int](repeating: 0, count: network.survivals.count)
    for step in 0..<steps {
      let draw = network.droppedBranches(seed: 3, step: step)
      #expect(draw == network.droppedBranches(seed: 3, step: step))
      for branch in draw { dropped[branch] += 1 }
    }
    for (count, survival) in zip(dropped, network.survivals) {
      let deviation = (Double(steps) * survival * (1 - survival)).squareRoot()
      #expect(abs(Double(count) - Double(steps) * (1 - survival)) < 4 * deviation)
    }
    let seeds = (0..<50).map { network.droppedBranches(seed: UInt64($0), step: 0) }
    #expect(Set(seeds).count > 25)
  }
}
