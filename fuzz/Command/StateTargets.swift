import Autotuner
import DeviceRuntime
import Foundation
import Graph
import Models
import Operators
import Training

// Files that this program writes itself, and reads back whatever has become of them.

extension Target {
  private static let jsonWords: [[UInt8]] =
    [
      "[", "]", "{", "}", "\"", ",", ":", "[[[[[[[[", "{\"a\":", "\\u0000", "\\ud800", "1e999", "-",
      "9223372036854775807", "18446744073709551616", "null", "true", "0.1", "\u{FEFF}", "\u{202E}",
    ].map { Array($0.utf8) } + [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0]]

  static let safeTensors = Target(
    name: "safetensors",
    seeds: [
      SafeTensors(
        metadata: ["format": "pt", "a\"\u{1F600}": "b"],
        tensors: [
          "x": SafeTensors.Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
          "n": SafeTensors.Tensor([7] as [Int32], shape: []),
          "none": SafeTensors.Tensor([] as [Float], shape: [0, 9]),
          "half": SafeTensors.Tensor(type: .bf16, shape: [3], bytes: [1, 2, 3, 4, 5, 6]),
        ]
      ).encoded().flatMap(\.self)
    ],
    words: jsonWords
      + ["__metadata__", "dtype", "F64", "shape", "data_offsets"].map { Array($0.utf8) },
    repair: repairedSafeTensors, memoryPerByte: 100
  ) { file, _ in
    let tensors = try SafeTensors(contentsOf: file.path)
    let again = try SafeTensors(decoding: tensors.encoded().flatMap(\.self), name: "again")
    demand(again == tensors, "a file that is written again says the same")
  }

  static let checkpoint = Target(
    name: "checkpoint", seeds: [checkpointSeed], words: jsonWords,
    repair: repairedSafeTensors, memoryPerByte: 600
  ) { file, _ in
    let header = try Checkpoint(contentsOf: file.path).header
    _ = header.recipe.learningRate(
      epoch: header.position.epoch, step: header.position.step, stepsPerEpoch: 7)
    _ = header.recipe.resetsMomentum(before: header.position.epoch)
    demand(!header.model.name.isEmpty, "a model's name")
  }

  private static let checkpointSeed: [UInt8] = {
    func json(_ value: some Encodable) -> String {
      guard let data = try? JSONEncoder().encode(value) else { preconditionFailure("JSON") }
      return String(decoding: data, as: UTF8.self)
    }
    guard let model = try? WideResNet(depth: 10, width: 1) else { preconditionFailure("a model") }
    return SafeTensors(
      metadata: [
        "format": "widecl-1", "model": json(Model.wideResNet(model)), "model_name": model.name,
        "classes": "10", "image": json(ImageShape(height: 8, width: 8, channels: 3)),
        "data": "synthetic", "mean": "[1,2,3]", "standard_deviation": "[1,1,1]",
        "recipe": json(Recipe.quick), "seed": "1", "epoch": "1", "step": "0", "total_steps": "7",
        "velocities_are_fresh": "false", "metrics": json([0, 0, Float(7).bitPattern, 0]),
        "awaits_evaluation": "true", "limit": "9", "train_seconds": "1.5", "best_error": "50",
      ],
      tensors: ["w": SafeTensors.Tensor([1, 2] as [Float], shape: [2])]
    ).encoded().flatMap(\.self)
  }()

  static let recipe = Target(
    name: "recipe",
    seeds: [Recipe.quick, .cifar, .svhn, .imagenet].map { Array($0.json) }
      + files(in: "fuzz/corpus/recipe"),
    words: jsonWords, memoryPerByte: 600
  ) { _, bytes in
    let recipe = try Recipe(json: Data(bytes), source: "recipe.json")
    for epoch in [0, 1, recipe.epochs - 1] {
      demand(
        recipe.learningRate(epoch: epoch, step: 1, stepsPerEpoch: 3).isFinite, "a learning rate")
    }
    demand(try Recipe(json: recipe.json, source: "again") == recipe, "the same recipe again")
  }

  static let runLog = Target(
    name: "run-log",
    seeds: [
      [1, 2].map { epoch in
        EpochRecord(
          epoch: epoch, lr: 0.1, trainLoss: 1.5, trainError: 50, testLoss: nil, testError: 40,
          trainTime: 3, testTime: 1, imagesPerSecond: 100, parameters: 77
        ).line + "\n"
      }.joined().utf8.map { $0 }
    ],
    words: jsonWords + [[10], Array("{}\n".utf8)], memoryPerByte: 600
  ) { file, _ in
    for record in try RunLog(path: file.path).records() {
      demand(!record.line.contains("\n"), "a record on a line")
    }
  }

  private static let device = DeviceInfo.planning

  static let tuning = Target(
    name: "tuning",
    seeds: [tuningSeed] + files(in: "fuzz/corpus/tuning"), words: jsonWords, memoryPerByte: 600,
    fileName: "tuning.json"
  ) { file, bytes in
    let store = TuningStore(folder: file.deletingLastPathComponent().path)
    let content = store.load()
    for complaint in content.complaints {
      demand(!complaint.contains("\n"), "a complaint on a line")
    }
    // The command's --import reads another file than the user's own.
    let database = try TuningDatabase(json: bytes, path: file.path)
    demand(database == content.database, "the same results from both readers")
    demand(
      try TuningDatabase(json: database.json, path: "again").json == database.json,
      "the same results again")
    let chooser = TunedChooser([database])
    let shape = Conv2DShape(
      batch: 4, inHeight: 8, inWidth: 8, inChannels: 16, outChannels: 16, kernel: 3)
    _ = chooser.choice(for: Conv2DForward.self, Conv2DForward.Problem(shape: shape), on: device)
    _ = chooser.choice(
      for: Conv2DBackwardFilter.self, Conv2DBackwardFilter.Problem(shape: shape), on: device)
    _ = chooser.choice(
      for: SoftmaxCrossEntropy.self,
      SoftmaxCrossEntropy.Problem(batch: 4, classes: 10, needsGradient: true), on: device)
    for results in database.devices {
      for entry in results.entries {
        _ = entry.decoded(as: Conv2DForward.self).map { "\($0.problem) \($0.configuration)" }
        _ = entry.decoded(as: SoftmaxCrossEntropy.self).map { "\($0.problem)" }
      }
    }
  }

  private static let tuningSeed: [UInt8] = {
    func entries<Operation: TunableOperation>(
      _ operation: Operation.Type, _ problem: Operation.Problem
    ) -> [TuningEntry] {
      let candidates = Operation.candidates(for: problem, on: device)
      return [candidates.first, candidates.last].compactMap { $0 }.compactMap {
        TuningEntry(operation, problem, $0, seconds: 0.5, isComplete: true)
      }
    }
    let shape = Conv2DShape(
      batch: 8, inHeight: 4, inWidth: 4, inChannels: 16, outChannels: 16, kernel: 3)
    var database = TuningDatabase()
    database.replace(
      with: entries(Conv2DForward.self, Conv2DForward.Problem(shape: shape))
        + entries(Conv2DBackwardFilter.self, Conv2DBackwardFilter.Problem(shape: shape))
        + entries(
          SoftmaxCrossEntropy.self,
          SoftmaxCrossEntropy.Problem(batch: 9, classes: 10, needsGradient: true)),
      on: device)
    return database.json
  }()

  static let journal = Target(
    name: "journal",
    seeds: [
      Array(
        ["begin", "crashed", "end"].map { event in
          #"{"event":"\#(event)","key":{"configuration":"c","device":"d","driver":"1","#
            + #""operation":"o","problem":"p"}"#
            + (event == "end" ? #","outcome":{"slow":{"seconds":0.5}}}"# : "}")
        }.joined(separator: "\n").utf8)
    ],
    words: jsonWords + [[10], Array("measured".utf8), Array("failed".utf8)], memoryPerByte: 600
  ) { file, _ in
    let before = Journal.content(of: file.path).blacklist
    if before.isEmpty { throw Refusal() }
    try Journal.start(file.path)
    demand(Journal.content(of: file.path).crashed == before, "a black list that is kept")
    let journal = try Journal(file.path)
    try journal.begin(
      Journal.Key(device: device, operation: "o", problem: "p", configuration: "c"))
  }

  private static let programKey = ProgramCache.Key(
    source: "__kernel void f() {}", options: "-DA=1", device: device)

  static let programCache = Target(
    name: "program-cache",
    seeds: [
      {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        ProgramCache(directory: folder).store((0..<200).map { $0 }, for: programKey)
        let entry = folder.appending(path: programKey.fileName)
        return (try? Data(contentsOf: entry)).map { Array($0) } ?? []
      }()
    ],
    words: [Array("WIDECLPB".utf8)], memoryPerByte: 16, fileName: programKey.fileName
  ) { file, _ in
    let cache = ProgramCache(directory: file.deletingLastPathComponent())
    if let binary = cache.binary(for: programKey) {
      demand(binary == (0..<200).map { $0 }, "only the binary that was stored")
    } else {
      throw Refusal()
    }
  }
}
