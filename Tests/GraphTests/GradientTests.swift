import Autotuner
import Foundation
import Graph
import Testing

/// The gradients of whole networks equal central differences of their loss on the device.
///
/// Each network gets a batch of images by which its ReLUs and maxima stay so far from their kinks
/// that the differences are good to 0.3 %.
@Suite(.serialized)
struct GradientTests {
  @Test func wideResNet() throws { try check(TinyNetworks.wideResNet(), images: 4) }

  @Test func wideResNetWithDropout() throws {
    try check(TinyNetworks.wideResNet(dropout: 0.3), images: 28)
  }

  @Test func postactivationBlocks() throws {
    try check(TinyNetworks.postactivation(), images: 28)
  }

  @Test func bottleneckBehindAMaxPool() throws {
    try check(TinyNetworks.bottleneck(), images: 29)
  }

  @Test func networkWithoutNormalization() throws {
    try check(TinyNetworks.withoutNormalization(), images: 4)
  }

  @Test func gatesMaxoutPoolsAndDropout() throws { try check(TinyNetworks.plain(), images: 7) }

  @Test func valuesWithSeveralUsers() throws {
    try check(TinyNetworks.entangled(), images: 4, unused: ["unused.weight"])
  }

  /// The largest error, as a share of the gradient's length.
  private static let tolerance = 0.005

  /// The central difference of a loss by the smaller of those two steps, of `step` and three
  /// halvings, that agree best: a kink that one of them crosses sets the next apart.
  private func slope(_ step: Double, _ loss: (Float) throws -> Double) rethrows -> Double {
    let slopes = try (0..<4).map { halvings in
      let length = Float(step) / Float(1 << halvings)
      return (try loss(length) - loss(-length)) / Double(2 * length)
    }
    func change(_ index: Int) -> Double { abs(slopes[index] - slopes[index - 1]) }
    return slopes[(1..<4).min { change($0) < change($1) } ?? 1]
  }

  /// Compares derivatives along three directions for each parameter: the gradient itself, the
  /// gradient with random signs, and its largest component alone; `images` seeds the batch.
  private func check(
    _ network: Network, images: UInt64, unused: Set<String> = []
  ) throws {
    let run = try NetworkRun(network, imageSeed: images)
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
        let difference = try slope(min(5e-4 / length, 2e-3)) { distance in
          try run.set(parameter.name, zip(start, direction).map { $0 + distance * $1 })
          return try run.loss()
        }
        #expect(
          abs(difference - expected) < Self.tolerance * length,
          "\(parameter.name), direction \(number): \(difference), expected \(expected)")
      }
      try run.set(parameter.name, start)
    }
  }
}
