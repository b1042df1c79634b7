import Autotuner
import Datasets
import Foundation
import Graph
import Models
import TestSupport
import Testing

@testable import Training

/// Weights with torchvision's names, from its own networks: Torchvision/networks.json.
@Suite(.serialized)
struct TorchvisionTests {
  private struct Golden: Decodable {
    struct Network: Decodable {
      var tensors: [String: [Int]]
      var logits: [[Double]]
    }

    var networks: [String: Network]
  }

  private static let golden = Result {
    let folder = try #require(Bundle.module.resourceURL)
    return try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: folder.appending(path: "Torchvision/networks.json")))
  }

  private static let names = ["resnet18", "resnet34", "resnet50", "wide_resnet50_2"]
  private static let image = ImageShape(height: 64, width: 64, channels: 3)
  private static let classes = 20

  /// One of them by the seed; all with WIDECL_TEST_ALL=1.
  private static let chosen: [String] = {
    guard ProcessInfo.processInfo.environment["WIDECL_TEST_ALL"] == nil else { return names }
    var generator = ExampleGenerator(seed: TestSeed.value(for: "torchvision's networks"))
    return Array(names.shuffled(using: &generator).prefix(1))
  }()

  @Test(arguments: names)
  func everyTensorIsCalledAndShapedAsThere(name: String) throws {
    let theirs = try #require(try Self.golden.get().networks[name]?.tensors)
    let model = try ModelName(parsing: name).model()
    #expect(model.torchvisionName == name)
    let network = model.network(image: Self.image, classes: Self.classes)
    var own: [String: [Int]] = [:]
    for parameter in network.parameters + network.states {
      own[try #require(model.torchvisionName(ofTensor: parameter.name))] = parameter.fileShape
    }
    #expect(own == theirs)
  }

  @Test(arguments: chosen)
  func weightsGiveTorchvisionsLogitsAndGoBack(name: String) throws {
    let expected = try #require(try Self.golden.get().networks[name]?.logits)
    let model = try ModelName(parsing: name).model()
    let network = model.network(image: Self.image, classes: Self.classes)
    let start = GeneratedStart(key: name)
    var file = SafeTensors(metadata: ["format": "pt"])
    for parameter in network.parameters + network.states {
      let theirs = try #require(model.torchvisionName(ofTensor: parameter.name))
      file.tensors[theirs] = SafeTensors.Tensor(
        start.values(of: parameter, named: theirs), shape: parameter.fileShape)
    }
    // PyTorch's batch normalisation saves it, too.
    file.tensors["layer1.0.bn1.num_batches_tracked"] = SafeTensors.Tensor(
      type: .i64, shape: [], bytes: [8, 0, 0, 0, 0, 0, 0, 0])
    let folder = try TemporaryFolder()
    let path = folder.file("\(name).safetensors")
    try file.write(to: path)

    let weights = try ForeignWeights(contentsOf: path, model: model)
    #expect(weights.notes == ["torchvision's names are taken for those of \(model.name)"])
    let size = try SyntheticSize(parsing: "synthetic:3x64x64:\(Self.classes):10")
    let checkpoint = try Checkpoint(
      header: Checkpoint.Header(
        model: model, images: ImageDescription(of: .synthetic(size), recipe: .imagenet),
        recipe: .imagenet, seed: 1), weights: weights)
    var exported = try checkpoint.weights(file: path, torchvisionNames: true)
    exported.tensors["layer1.0.bn1.num_batches_tracked"] =
      file.tensors["layer1.0.bn1.num_batches_tracked"]
    #expect(exported.tensors == file.tensors)

    let predictor = try Predictor(
      checkpoint, file: path, batch: expected.count, context: TinyRun.context.get())
    let planar = start.images(count: expected.count * Self.image.count)
    let pixels = Self.image.height * Self.image.width
    let images = expected.indices.map { image in
      (0..<Self.image.count).map { planar[image * 3 * pixels + $0 % 3 * pixels + $0 / 3] }
    }
    let logits = try predictor.logits(of: images)
    let largest = zip(logits.joined(), expected.joined()).map { abs(Double($0) - $1) }.max() ?? 1
    let range = expected.joined().map(abs).max() ?? 0
    print("\(name): logits differ from torchvision's by at most \(largest) of \(range)")
    #expect(largest < 1e-4 * max(1, range) && range > 0.1)
  }

  @Test func onlyNetworksThatTorchvisionHasAreWrittenSo() throws {
    let model = try ModelName(parsing: "wrn-10-1").model()
    #expect(model.torchvisionName == nil && model.torchvisionName(ofTensor: "conv0.weight") == nil)
    let preactivation = try ModelName(parsing: "preact-resnet-200").model()
    #expect(preactivation.torchvisionName(ofTensor: "conv0.weight") == nil)
  }
}
