import Foundation
import Graph
import Models
import Training

// Weights of other programs, and the small files that go with runs.

extension Target {
  private static let model: Model = {
    guard let model = try? ModelName(parsing: "wrn-10-1").model() else {
      preconditionFailure("a model")
    }
    return model
  }()

  /// All tensors of the model, so many bytes a number and each name behind a prefix.
  private static func weights(_ type: SafeTensors.ElementType, prefix: String) -> SafeTensors {
    let network = model.network(image: ImageShape(height: 8, width: 8, channels: 1), classes: 2)
    var result = SafeTensors(metadata: ["format": "pt"])
    for parameter in network.parameters + network.states {
      result.tensors[prefix + parameter.name] = SafeTensors.Tensor(
        type: type, shape: parameter.fileShape,
        bytes: [UInt8](repeating: 0, count: parameter.count * type.size))
    }
    return result
  }

  static let weights = Target(
    name: "weights",
    seeds: [weights(.f16, prefix: "module."), weights(.f64, prefix: "_orig_mod.")].map {
      $0.encoded().flatMap(\.self)
    },
    words: ["module.", "_orig_mod.", "PK\u{3}\u{4}", "conv1.weight", "BF16", "F64"].map {
      Array($0.utf8)
    } + [[0x80, 2, 0x8A]],
    repair: repairedSafeTensors, memoryPerByte: 100
  ) { file, _ in
    let weights = try ForeignWeights(contentsOf: file.path, model: model)
    demand(weights.notes.allSatisfy { !$0.contains("\n") }, "a note on a line")
    _ = weights.images
  }

  private static let shardName = "model-00001-of-00001.safetensors"

  static let safeTensorsIndex = Target(
    name: "safetensors-index",
    seeds: [
      Array(
        #"{"metadata": {"total_size": 8}, "weight_map": {"a": "\#(shardName)", "b": "\#(shardName)"}}"#
          .utf8)
    ],
    words: ["weight_map", "../", "/", ".safetensors", "{", "}", "null", "\\u0000"].map {
      Array($0.utf8)
    },
    memoryPerByte: 600, fileName: "model" + SafeTensors.indexEnding
  ) { file, _ in
    let shard = file.deletingLastPathComponent().appending(path: shardName).path
    if !FileManager.default.fileExists(atPath: shard) {
      let one = SafeTensors.Tensor([1] as [Float], shape: [1])
      try SafeTensors(tensors: ["a": one, "b": one]).write(to: shard)
    }
    let tensors = try SafeTensors(contentsOf: file.path)
    demand(tensors.tensors.keys.sorted() == ["a", "b"], "the tensors that the index says")
  }

  static let classMap = Target(
    name: "class-map",
    seeds: [
      Array("# names\ncat = tabby\n\ndog=pug\n".utf8),
      Array(#"{"cat": "tabby", "dog": "pug"}"#.utf8),
    ],
    words: ["=", "#", "\n", "\r", "{", "}", "\"", "e\u{301}", "\u{e9}", "\u{202E}"].map {
      Array($0.utf8)
    } + [[0xFF]],
    memoryPerByte: 600
  ) { file, _ in _ = try ClassMap(contentsOf: file.path) }

  static let runConfiguration = Target(
    name: "run-configuration",
    seeds: [
      Array(
        """
        {"model": "wrn-10-1", "blocksPerGroup": 1, "dropout": 0, "data": "mnist", "seed": 1,
         "dataPath": "/data", "classNames": ["a"], "limit": 9, "device": "d", "driver": "1",
         "fineTuning": {"weights": "w", "newHead": true, "freeze": ["conv0"]}, "runs": 2,
         "recipe": \(String(decoding: Recipe.quick.json, as: UTF8.self))}
        """.utf8)
    ],
    words: ["blocks_per_group", "batch_size", "_", "__", "null", "-1", "1e999", "[[[["].map {
      Array($0.utf8)
    },
    memoryPerByte: 600
  ) { _, bytes in
    let configuration = try RunConfiguration(json: Data(bytes), source: "config.json")
    _ = try? configuration.resolvedModel()
    demand(configuration.recipe.epochs > 0, "a recipe")
  }
}
