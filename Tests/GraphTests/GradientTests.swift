import Autotuner
import Foundation
import Graph
import Testing

/// The gradients of whole networks equal central differences of their loss on the device.
@Suite(.serialized)
struct GradientTests {
  @Test func wideResNet() throws { try check(TinyNetworks.wideResNet()) }

  @Test func wideResNetWithDropout() throws { try check(TinyNetworks.wideResNet(dropout: 0.3)) }

  /// A bias in front of a sum moves many of its ReLUs at once, some of them over their kink.
  @Test func postactivationBlocks() throws {
    try check(TinyNetworks.postactivation(), tolerance: 0.05)
  }

  @Test func bottleneckBehindAMaxPool() throws { try check(TinyNetworks.bottleneck()) }

  @Test func networkWithoutNormalization() throws {
    try check(TinyNetworks.withoutNormalization())
  }

  /// A step takes some of the maxima to another piece or pixel.
  @Test func gatesMaxoutPoolsAndDropout() throws {
    try check(TinyNetworks.plain(), tolerance: 0.1)
  }

  @Test func valuesWithSeveralUsers() throws {
    try check(TinyNetworks.entangled(), unused: ["unused.weight"])
  }

  /// Compares derivatives along three directions for each parameter: the gradient itself, the
  /// gradient with random signs, and its largest component alone.
  ///
  /// `tolerance` is a share of the gradient's length.
  private func check(
    _ network: Network, unused: Set<String> = [], tolerance: Double = 0.02
  ) throws {
    let run = try NetworkRun(network)
    _ = try run.loss()
    let gradients = try run.store.read(.gradient)
    let parameters = try run.store.read(.parameter)
    var generator = ExampleGenerator(seed: 8)
    for (index, (parameter, gradient)) in gradients.enumerated() {
      let start = parameters[index].values
      let length = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      if unused.contains(parameter.name) {
        #expect(length == 0)
        continue
      }
      try #require(length > 1e-4, "the gradient of \(parameter.name) vanishes")
      let signs = generator.values(count: gradient.count, kind: .random).map {
        $0 < 0 ? Float(-1) : 1
      }
      let largest = gradient.indices.max { abs(gradient[$0]) < abs(gradient[$1]) }
      let directions = [
        gradient.map { $0 / Float(length) },
        zip(gradient, signs).map { $0 * $1 / Float(length) },
        gradient.indices.map { $0 == largest ? 1 : 0 },
      ]
      for (number, direction) in directions.enumerated() {
        let expected = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        // Small enough for the loss's curvature and large enough for single precision.
        let step = Float(min(5e-4 / length, 2e-3))
        func loss(_ sign: Float) throws -> Double {
          try run.set(parameter.name, zip(start, direction).map { $0 + sign * step * $1 })
          return try run.loss()
        }
        let difference = (try loss(1) - loss(-1)) / Double(2 * step)
        #expect(
          abs(difference - expected) < tolerance * length,
          "\(parameter.name), direction \(number): \(difference), expected \(expected)")
      }
      try run.set(parameter.name, start)
    }
  }
}
