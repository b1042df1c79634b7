import Datasets
import Foundation
import Graph
import Models
import Testing

@testable import Training

/// A pretrained network learns three classes of one's own.
@Suite(.serialized)
struct FineTuneTests {
  /// ResNet-18 with torchvision's names and 1000 classes, its numbers small and of no sense.
  private func weights(_ folder: TemporaryFolder) throws -> (path: String, file: SafeTensors) {
    let model = try ModelName(parsing: "resnet18").model()
    let network = model.network(image: model.usualImage, classes: 1000)
    var file = SafeTensors(metadata: ["format": "pt"])
    for parameter in network.parameters + network.states {
      let name = try #require(model.torchvisionName(ofTensor: parameter.name))
      let isScale = parameter.fileShape.count == 1 && !name.hasSuffix("bias")
      file.tensors[name] = SafeTensors.Tensor(
        [Float](repeating: isScale ? 0.5 : 0.01, count: parameter.count),
        shape: parameter.fileShape)
    }
    let path = folder.path("resnet18.safetensors")
    try file.write(to: path)
    return (path, file)
  }

  private func writeImages(_ folder: TemporaryFolder) throws -> String {
    for (split, count) in [("train", 4), ("val", 2)] {
      for (label, name) in ["ant", "bee", "cow"].enumerated() {
        let path = folder.path("photos/\(split)/\(name)")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for index in 0..<count {
          let pixels = (0..<40 * 36 * 3).map {
            UInt8(truncatingIfNeeded: ($0 * (3 + label) + index * 31) ^ ($0 >> 3))
          }
          try Data(PNG.encoded(pixels[...], height: 40, width: 36, channels: 3))
            .write(to: URL(fileURLWithPath: "\(path)/\(index).png"))
        }
      }
    }
    return folder.path("photos")
  }

  @Test func resNet18OfTorchvisionLearnsThreeClasses() throws {
    let folder = try TemporaryFolder()
    let (path, file) = try weights(folder)
    let photos = try writeImages(folder)
    let run = folder.path("run")
    let train = [
      "train", "--model", "resnet18", "--data", "folder:32", "--data-path", photos, "--recipe",
      "quick", "--set", "augmentation.pad=0", "--batch", "4", "--epochs", "1", "--no-tune",
      "--no-check", "--output", run, "--weights", path,
    ]
    try expectFailure(65, train, mentions: "--new-head", afterProgress: true)
    try expectFailure(
      64, train + ["--new-head", "--freeze", "layer1"], mentions: "has no 'layer1'",
      afterProgress: true)
    try expectFailure(66, train + ["--weights", "/nonexistent/a"], afterProgress: true)
    #expect(!FileManager.default.fileExists(atPath: run))
    let freeze = "conv0,bn0,group0,group1,group2"
    let result = try Command.run(train + ["--new-head", "--freeze", freeze])
    #expect(result.status == 0, "\(result.error)")
    #expect(result.error.contains("torchvision's names are taken for those of resnet-18"))

    let checkpoint = try Checkpoint(contentsOf: run + "/checkpoint-last.safetensors")
    #expect(checkpoint.header.classNames == ["ant", "bee", "cow"])
    #expect(checkpoint.header.fineTuning?.freeze == freeze.split(separator: ",").map(String.init))
    for parameter in checkpoint.header.network.parameters where !parameter.name.hasPrefix("fc.") {
      let theirs = try #require(
        checkpoint.header.model.torchvisionName(ofTensor: parameter.name))
      let isFrozen = !parameter.name.hasPrefix("group3.")
      #expect(
        (checkpoint.tensors.tensors[parameter.name] == file.tensors[theirs]) == isFrozen,
        "\(parameter.name)")
    }
    let again = try Command.run("train", "--resume", run)
    #expect(again.status == 0 && again.out == result.out, "\(again.error)")
    let predicted = try Command.run("predict", run, photos + "/val/bee", "--no-check")
    #expect(predicted.status == 0 && predicted.out.contains("bee"), "\(predicted.error)")
  }

  @Test func newHeadAndFreezeNeedWeights() throws {
    let folder = try TemporaryFolder()
    for options in [["--new-head"], ["--freeze", "group0"]] {
      try expectFailure(
        64, Small.train + ["--output", folder.path("run")] + options, mentions: "--weights")
    }
  }
}
