import Autotuner
import DeviceRuntime
import Foundation
import Graph
import Models
import TestSupport
import Testing

/// ImageNet's networks give PyTorch's logits from the same weights: Traces/logits.json.
@Suite(.serialized)
struct ImageNetLogitsTests {
  private static let names = ["resnet-18", "resnet-50", "wrn-50-2-bottleneck"]

  /// One of them by the seed; all with WIDECL_TEST_ALL=1.
  private static let chosen: [String] = {
    guard ProcessInfo.processInfo.environment["WIDECL_TEST_ALL"] == nil else { return names }
    var generator = ExampleGenerator(seed: TestSeed.value(for: "ImageNet's networks"))
    return Array(names.shuffled(using: &generator).prefix(1))
  }()

  @Test(arguments: chosen)
  func logitsAreThoseOfPyTorch(name: String) throws {
    let file = try #require(Bundle.module.resourceURL).appendingPathComponent("Traces/logits.json")
    let all = try JSONDecoder().decode([String: [[Double]]].self, from: Data(contentsOf: file))
    let expected = try #require(all[name])
    let (batch, image) = (expected.count, ImageShape(height: 64, width: 64, channels: 3))
    let network = try ModelName(parsing: name).model().network(image: image, classes: 1000)

    let context = try TestDevice().context
    let queue = try context.makeQueue()
    let store = try ParameterStore(
      network: network, for: .evaluation, context: context, queue: queue)
    let start = GeneratedStart(key: name)
    for kind in [ParameterStore.Kind.parameter, .state] {
      for (index, parameter) in store.descriptions(kind).enumerated() {
        try store.write(kind, at: index, start.values(of: parameter))
      }
    }
    let metrics = try context.makeBuffer(Float.self, count: 4)
    try metrics.fill(0, on: queue)
    let executor = try Executor(
      .evaluation(network, batch: batch, source: .host), store: store,
      external: ["metrics": metrics])
    let planar = start.images(count: batch * image.count)
    let pixels = image.height * image.width
    var images: [Float] = []
    for place in 0..<batch * pixels {
      let (image, pixel) = place.quotientAndRemainder(dividingBy: pixels)
      for channel in 0..<3 { images.append(planar[(3 * image + channel) * pixels + pixel]) }
    }
    try executor.write("images", images)
    try executor.write("labels", [Int32](repeating: 0, count: batch))
    try executor.enqueue(scalars: ["valid": .int(Int32(batch))])
    let logits = try executor.read("logits")
    #expect(logits.contains { abs($0) > 0.1 })
    let error = zip(logits, expected.joined()).map { abs(Double($0) - $1) }.max()
    #expect(try #require(error) < 1e-4)
  }
}
