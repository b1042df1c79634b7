import Autotuner
import Datasets
import DeviceRuntime
import Foundation
import Graph
import Models
import Operators
import TestSupport
import Testing

@testable import Training

/// Conformance at the sizes of the networks and data sets that docs/ names: the examples of
/// `OperatorConformanceTests` are small and odd, these are what runs launch.
@Suite(.serialized)
struct NetworkConformanceTests {
  /// A data set's images with what changes them.
  private struct Images {
    var image: ImageShape
    var classes: Int
    var sources: [ImageSource]

    init(_ size: Int, _ channels: Int, classes: Int, augmentations: [Augmentation]) {
      image = ImageShape(height: size, width: size, channels: channels)
      self.classes = classes
      sources = augmentations.map { .dataset(total: 1000, augmentation: $0) }
    }
  }

  private static let fashion = Images(
    28, 1, classes: 10,
    augmentations: [.none, Augmentation(flip: true, pad: 4, padMode: .reflect)])
  private static let cifar = Images(
    32, 3, classes: 10,
    augmentations: [.none, Augmentation(flip: true, pad: 4, padMode: .reflect)])
  private static let cifar100 = Images(
    32, 3, classes: 100, augmentations: [Augmentation(flip: true, pad: 4, padMode: .zero)])
  private static let folder = Images(96, 3, classes: 10, augmentations: [.none])
  private static let imageNet: Images = {
    var images = Images(224, 3, classes: 1000, augmentations: [])
    images.sources = [.host]
    return images
  }()

  private static let networks: [(model: String, images: Images, dropout: Double)] = [
    ("wrn-16-1", fashion, 0), ("wrn-16-4", fashion, 0), ("wrn-16-1", cifar, 0),
    ("wrn-16-4", cifar, 0), ("wrn-28-10", cifar, 0), ("wrn-16-10", cifar100, 0.3),
    ("wrn-40-2", cifar, 0.3), ("wrn-16-2", folder, 0), ("wrn-16-2-b(3,1,3)", cifar, 0),
    ("preact-resnet-110", cifar, 0), ("resnet-110", cifar, 0), ("nin", cifar, 0),
    ("fitnet-19", cifar, 0), ("highway-19", cifar, 0), ("resnet-18", imageNet, 0),
    ("resnet-50", imageNet, 0), ("wrn-50-2-bottleneck", imageNet, 0),
  ]

  /// Every operation that training and evaluation of the networks launch, with batches of this size.
  private static func operations(batch: Int, evaluationBatch: Int) throws -> [any OperationInstance]
  {
    try networks.flatMap { name, images, dropout -> [any OperationInstance] in
      var model = try ModelName(parsing: name).model(dropout: dropout)
      model.unitGamma = true
      let network = model.network(image: images.image, classes: images.classes)
      let plans =
        images.sources.map {
          ExecutionPlan.training(
            network, batch: batch, source: $0, optimizer: Optimizer(.cifar), on: .planning)
        }
        + images.sources.prefix(1).map {
          ExecutionPlan.evaluation(network, batch: evaluationBatch, source: $0)
        }
      return plans.flatMap(\.steps).map(\.operation)
    }
  }

  /// The distinct ones with batches of 3.
  private static let examples = Result {
    var seen: Set<String> = []
    return try operations(batch: 3, evaluationBatch: 3).filter {
      seen.insert("\($0.name) \($0.problemText)").inserted
    }
  }

  /// Macros that stand for the batch or that a configuration chooses; ACCUMULATE says that it takes
  /// the batch in several chunks.
  private static let own: Set<String> = [
    "BATCH", "VEC", "ITEM_M", "ITEM_N", "TILE_M", "TILE_K", "TILE_OUT", "WG_X", "WG_Y", "UNROLL",
    "SPLIT_K", "BLOCK", "OUT_BLOCK", "IMAGES", "PANEL", "STRIP", "ROWS", "COUNT", "ACCUMULATE",
    "POINT_ROWS",
    "ROW_BLOCK",
  ]

  /// A program and an entry point with the macros that are the problem's.
  private struct Launches: OperationVisitor {
    typealias Output = Set<String>

    let device: DeviceInfo

    func visit<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem
    ) -> Set<String> {
      var result: Set<String> = []
      for configuration in Operation.candidates(for: problem, on: device) {
        let plan = Operation.plan(problem, configuration)
          .expanded(choosing: DefaultChooser(), on: device)
        for case .kernel(let launch) in plan.launches {
          let macros = launch.macros.filter { !NetworkConformanceTests.own.contains($0.name) }
            .map { "\($0.name)=\($0.value)" }.sorted()
          result.insert("\(launch.entryPoint) \(macros.joined(separator: " "))")
        }
      }
      return result
    }
  }

  @Test("what runs launch with their own batches is what is checked here with batches of 3")
  func everyLaunchIsChecked() throws {
    let device = try TestDevice().context.info
    let checked = try Self.examples.get().reduce(into: Set<String>()) {
      $0.formUnion(try $1.accept(Launches(device: device)))
    }
    // The last batches of an epoch of CIFAR-10 and of its test images among them.
    for (batch, evaluation) in [(128, 128), (80, 16)] {
      var seen: Set<String> = []
      for operation in try Self.operations(batch: batch, evaluationBatch: evaluation) {
        guard seen.insert("\(operation.name) \(operation.problemText)").inserted else { continue }
        let missing = try operation.accept(Launches(device: device)).subtracting(checked)
        #expect(
          missing.isEmpty, "\(operation.name) [\(operation.problemText)]: \(missing.first ?? "")")
      }
    }
  }

  private struct Conform: OperationVisitor {
    typealias Output = Void

    let device: TestDevice
    let seed: UInt64

    func visit<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem
    ) throws {
      var generator = ExampleGenerator(seed: seed)
      let candidates = Operation.candidates(for: problem, on: device.context.info)
      let example = ConformanceCase(operation, problem, kind: .random, seed: seed)
      let others = candidates.dropFirst().shuffled(using: &generator).prefix(1)
      for configuration in candidates.prefix(1) + others {
        do { try example.check(configuration, on: device) } catch {
          Issue.record("WIDECL_TEST_SEED=\(seed): \(error)")
        }
      }
    }
  }

  @Test("a sample of what runs launch equals its references; all of it with WIDECL_TEST_ALL=1")
  func sampleIsRight() throws {
    let seed = TestSeed.value(for: "conformance of networks")
    var generator = ExampleGenerator(seed: seed)
    let device = try TestDevice()
    var operations = try Self.examples.get()
    print("\(operations.count) operations of networks")
    #expect(operations.count > 200)
    if ProcessInfo.processInfo.environment["WIDECL_TEST_ALL"] == nil {
      operations = Array(operations.shuffled(using: &generator).prefix(20))
    }
    for operation in operations {
      try operation.accept(Conform(device: device, seed: seed))
      device.context.releasePrograms()
    }
  }
}
