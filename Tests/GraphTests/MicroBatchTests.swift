import Autotuner
import DeviceRuntime
import Testing

@testable import Graph

/// Batches in parts: gradients add up to the batch's.
@Suite(.serialized)
struct MicroBatchTests {
  /// A network that trains seven random images in parts, and the gradients it gives.
  private struct Parts {
    let store: ParameterStore
    private let parts: [Range<Int>]
    private let executors: [Int: Executor]
    private let metrics: Buffer<Float>
    private let images: [Float]
    private let labels: [Int32]

    static let batch = 7

    init(_ network: Network, atMost limit: Int) throws {
      let context = try NetworkRun.context.get()
      let queue = try context.makeQueue()
      store = try ParameterStore(
        network: network, for: .trainingInParts, context: context, queue: queue)
      try store.initialize(seed: 3)
      let metrics = try context.makeBuffer(Float.self, count: 4)
      try metrics.fill(0, on: queue)
      self.metrics = metrics
      let split = BatchSplit(batch: Parts.batch, atMost: limit)
      parts = split.places(in: 0..<Parts.batch)
      let task = TrainingMemory.Task(
        network: network, batches: [Parts.batch], evaluationBatch: 0)
      let memory = try TrainingMemory(task, microBatch: limit, on: context.info)
      let arenas = try memory.arenas.map { try context.makeBuffer(UInt8.self, count: $0) }
      var executors: [Int: Executor] = [:]
      for size in Set(split.parts) {
        executors[size] = try Executor(
          .part(network, batch: size, source: .host, on: context.info), store: store,
          external: ["metrics": metrics], arenas: arenas)
      }
      self.executors = executors
      var generator = ExampleGenerator(seed: 4)
      images = generator.values(count: Parts.batch * network.image.count, kind: .random).map {
        Float($0)
      }
      labels = (0..<Parts.batch).map { Int32($0 * 3 % network.classes) }
    }

    /// The gradient of each part alone, in their order, and then the sums over the parts.
    func gradients() throws -> (parts: [(images: Int, values: [[Float]])], sums: [[Float]]) {
      var result: [(images: Int, values: [[Float]])] = []
      let size = images.count / Parts.batch
      for (number, part) in parts.enumerated() {
        let executor = try #require(executors[part.count])
        try executor.write(
          "images", Array(images[part.lowerBound * size..<part.upperBound * size]))
        try executor.write("labels", Array(labels[part]))
        try executor.enqueue(scalars: [
          "valid": .int(Int32(part.count)), "seedLow": .uint(5), "seedHigh": .uint(6),
          "step": .uint(0), "weight": .float(Float(part.count) / Float(Parts.batch)),
          "firstPart": .int(number == 0 ? 1 : 0),
        ])
        result.append((part.count, try store.read(.gradient).map(\.values)))
      }
      return (result, try store.readGradientSums())
    }

    /// The sums of losses, errors and images.
    func metricSums() throws -> [Float] { try metrics.read(on: store.queue) }
  }

  @Test(
    arguments: [
      (7, 7, [7]), (7, 4, [4, 3]), (7, 3, [3, 2, 2]), (8, 4, [4, 4]), (10, 4, [4, 3, 3]),
      (2, 9, [2]),
      (3, 1, [1, 1, 1]),
    ])
  func partsAreOfAlikeSize(batch: Int, limit: Int, parts: [Int]) {
    let split = BatchSplit(batch: batch, atMost: limit)
    #expect(split.parts == parts)
    let places = split.places(in: 20..<20 + batch)
    #expect(places.map(\.count) == parts)
    #expect(places.flatMap { Array($0) } == Array(20..<20 + batch))
  }

  /// With batch normalisation, each part with its own statistics.
  @Test(arguments: [1, 3, 7])
  func sumsEqualTheWeightedGradientsOfTheParts(limit: Int) throws {
    let (parts, sums) = try Parts(TinyNetworks.wideResNet(), atMost: limit).gradients()
    #expect(parts.count == (7 + limit - 1) / limit)
    for (index, sum) in sums.enumerated() {
      for (element, value) in sum.enumerated() {
        let terms = parts.map {
          Double($0.values[index][element]) * Double($0.images) / 7
        }
        let size = terms.reduce(0) { $0 + abs($1) }
        #expect(abs(Double(value) - terms.reduce(0, +)) <= 1e-6 * size)
      }
    }
  }

  /// Where no layer looks at several images, parts make no difference to the gradient.
  @Test(arguments: [1, 2, 3, 4])
  func sumsEqualTheGradientOfTheWholeBatch(limit: Int) throws {
    let network = TinyNetworks.withoutNormalization()
    let whole = try Parts(network, atMost: 7)
    let split = try Parts(network, atMost: limit)
    let (expected, sums) = (try whole.gradients().parts[0].values, try split.gradients().sums)
    for (a, b) in zip(expected, sums) {
      let largest = a.reduce(0) { max($0, abs($1)) }
      #expect(largest > 0)
      #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
    }
    // The loss is the mean over the whole batch.
    let (one, many) = (try whole.metricSums(), try split.metricSums())
    #expect(many[2] == 7 && many[1] == one[1] && abs(many[0] - one[0]) < 1e-5 * one[0])
  }

  @Test func onePartIsTheBatchToTheBit() throws {
    let (parts, sums) = try Parts(TinyNetworks.wideResNet(), atMost: 9).gradients()
    #expect(parts.count == 1 && parts[0].values == sums)
  }

  @Test func thePlanHalvesTheBatchUntilItFits() throws {
    let task = TrainingMemory.Task(
      network: TinyNetworks.withoutNormalization(), batches: [32], evaluationBatch: 32)
    func fitting(_ limit: Int, used: Int = 0, microBatch: Int? = nil) throws -> TrainingMemory {
      try TrainingMemory.fitting(
        task, microBatch: microBatch, on: DeviceInfo.planning.limited(to: limit), used: used)
    }
    /// One byte less than a plan and the small buffers need.
    func tooLittle(for memory: TrainingMemory) -> Int { memory.totalBytes + 0xffff }
    let whole = try fitting(.max)
    #expect(whole.microBatch == 32 && !whole.isSplit)
    var before = whole
    for images in [16, 8, 4, 2, 1] {
      let memory = try fitting(tooLittle(for: before))
      #expect(memory.microBatch == images && memory.isSplit)
      // Fewer activations, and the sums.
      #expect(memory.arenaBytes < before.arenaBytes)
      #expect(memory.parameterBytes > whole.parameterBytes)
      before = memory
    }
    let error = #expect(throws: MemoryError.self) { try fitting(tooLittle(for: before)) }
    #expect(error?.needed == before.totalBytes)
    // What others use is not there.
    #expect(try fitting(tooLittle(for: whole) + 1000, used: 1000).microBatch == 16)
    // A number is kept to, or refused.
    #expect(try fitting(.max, microBatch: 5).microBatch == 5)
    #expect(throws: MemoryError.self) {
      try fitting(tooLittle(for: whole), microBatch: 32)
    }
  }
}
