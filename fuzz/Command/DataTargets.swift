import Datasets
import Foundation

// Files of images and labels.

extension Target {
  private static let height = 4
  private static let width = 3

  private static let idxSeeds: [[UInt8]] = {
    func header(_ numbers: [UInt32]) -> [UInt8] { numbers.flatMap { littleEndian($0.bigEndian) } }
    let pixels = (0..<UInt8(5 * height * width)).map { $0 &* 37 }
    return [
      header([0x803, 5, UInt32(height), UInt32(width)]) + pixels,
      header([0x803, 1, UInt32(height), UInt32(width)]) + pixels.prefix(height * width),
      header([0x801, 7]) + [0, 1, 2, 9, 4, 3, 3],
    ]
  }()

  static let idx = Target(
    name: "idx", seeds: idxSeeds + files(in: "fuzz/corpus/idx"),
    words: [[0, 0, 8, 3], [0, 0, 8, 1], [0x1F, 0x8B], [0, 0, 0, 1]], memoryPerByte: 32,
    read: readIDX)

  static let idxInGzip = Target(
    name: "idx-gzip",
    seeds: idxSeeds.map(storedGzip) + [storedGzip(idxSeeds[0]) + storedGzip(idxSeeds[1])],
    words: [[0x1F, 0x8B, 8], [0, 0, 8, 3], [0, 0, 8, 1], [0, 0, 0xFF, 0xFF]],
    repair: repairedGzip, memoryPerByte: 12 * 1032, read: readIDX)

  private static func readIDX(_ file: URL, _ bytes: [UInt8]) throws {
    do {
      let images = try IDX.images(file, height: height, width: width)
      demand(images.count > 0 && images.count.isMultiple(of: height * width), "whole images")
    } catch {
      checkRefusal(error)
      let labels = try IDX.labels(file, classes: 10)
      demand(labels.allSatisfy { (0..<10).contains($0) }, "labels of 10 classes")
    }
  }

  static let cifar = Target(
    name: "cifar",
    seeds: [1, 2].map { (labels: Int) -> [UInt8] in
      let pixels = (0..<3072).map { UInt8(truncatingIfNeeded: $0 * 7) }
      return [UInt8](repeating: 3, count: labels) + pixels
        + [UInt8](repeating: 9, count: labels) + pixels
    },
    memoryPerByte: 16
  ) { file, _ in
    do {
      let images = try CIFAR.records(file, labelClasses: CIFAR.cifar10Labels)
      demand(images.labels.allSatisfy { (0..<10).contains($0) }, "labels of 10 classes")
    } catch {
      checkRefusal(error)
      let images = try CIFAR.records(file, labelClasses: CIFAR.cifar100Labels)
      demand(images.labels.allSatisfy { (0..<100).contains($0) }, "labels of 100 classes")
    }
  }

  static let svhn = Target(
    name: "svhn",
    seeds: [matrices(images: 1), matrices(images: 2)]
      + files(in: "Tests/DatasetsTests/Matrices", endings: ["mat"]) + files(in: "fuzz/corpus/svhn"),
    words: (1...18).map { littleEndian(UInt32($0)) } + matrixWords,
    memoryPerByte: 20 * 1032
  ) { file, _ in
    let images = try SVHN.images(file)
    demand(images.labels.allSatisfy { (0..<10).contains($0) }, "labels of 10 classes")
  }

  /// Small elements, names, the start of a deflate stream.
  private static let matrixWords: [[UInt8]] = [
    [2, 0, 1, 0, 9], [1, 0, 1, 0, 0x58], [0x58], [0x79], [0x78, 0x9C],
  ]

  /// X and y as MATLAB's level 5 has them, not compressed, so that every byte can be changed.
  private static func matrices(images: Int) -> [UInt8] {
    func element(_ type: UInt32, _ data: [UInt8]) -> [UInt8] {
      var bytes = littleEndian(type)
      bytes += littleEndian(UInt32(data.count))
      bytes += data
      return bytes + [UInt8](repeating: 0, count: (8 - data.count % 8) % 8)
    }
    func matrix(_ name: String, _ dimensions: [Int], _ data: [UInt8]) -> [UInt8] {
      var parts = element(6, [9, 0, 0, 0, 0, 0, 0, 0])
      parts += element(5, dimensions.flatMap { littleEndian(UInt32($0)) })
      parts += element(1, Array(name.utf8))
      parts += element(2, data)
      return element(14, parts)
    }
    let text = Array("MATLAB 5.0 MAT-file".utf8)
    var file = text + [UInt8](repeating: 32, count: 124 - text.count)
    file += [0, 1, 0x49, 0x4D]
    file += matrix("y", [images, 1], Array(1...UInt8(images)))
    let pixels = (0..<3072 * images).map { UInt8(truncatingIfNeeded: $0 * 11) }
    return file + matrix("X", [32, 32, 3, images], pixels)
  }

  static let npz = Target(
    name: "npz", seeds: files(in: "Tests/DatasetsTests/Arrays", endings: ["npz"]),
    words: ["PK\u{1}\u{2}", "PK\u{3}\u{4}", "PK\u{5}\u{6}", "PK\u{7}\u{8}", "x_train.npy", "'<i8'"]
      .map { Array($0.utf8) } + [[8, 0], [0, 0], [1, 0]],
    repair: repairedZip,
    // Pixels as they come, in another order, and the names of the classes that a label asks for.
    memoryPerByte: 1 << 15
  ) { file, _ in
    let data = try NPZ.dataset(.npz(path: file.path), file: file)
    demand(data.train.count > 0 && data.test.count > 0, "images in both splits")
  }
}
