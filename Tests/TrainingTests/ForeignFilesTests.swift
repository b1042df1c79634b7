import Foundation
import Graph
import Models
import Testing

@testable import Training

/// Weights as other programs write them.
@Suite struct ForeignFilesTests {
  private let folder: TemporaryFolder
  private let model: Model

  init() throws {
    folder = try TemporaryFolder()
    model = try ModelName(parsing: "wrn-10-1").model()
  }

  private func weights() -> SafeTensors {
    let network = model.network(
      image: ImageShape(height: 8, width: 8, channels: 3), classes: 4)
    var result = SafeTensors()
    for parameter in network.parameters + network.states {
      // Halves of both kinds hold these.
      result.tensors[parameter.name] = SafeTensors.Tensor(
        (0..<parameter.count).map { Float($0 % 31 - 15) / 16 }, shape: parameter.fileShape)
    }
    return result
  }

  private func read(_ weights: SafeTensors) throws -> ForeignWeights {
    let path = folder.file("weights.safetensors")
    try weights.write(to: path)
    return try ForeignWeights(contentsOf: path, model: model)
  }

  private func bytes<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
    values.withUnsafeBytes { Array($0) }
  }

  @Test(arguments: [SafeTensors.ElementType.f16, .bf16, .f64])
  func otherFloatsBecomeF32(type: SafeTensors.ElementType) throws {
    var file = weights()
    for (name, tensor) in file.tensors {
      let values = try #require(tensor.floats)
      let converted: [UInt8] =
        switch type {
        case .f16: bytes(values.map { Float16($0).bitPattern })
        case .bf16: bytes(values.map { UInt16($0.bitPattern >> 16) })
        default: bytes(values.map(Double.init))
        }
      file.tensors[name] = SafeTensors.Tensor(type: type, shape: tensor.shape, bytes: converted)
    }
    let read = try read(file)
    #expect(read.tensors.tensors == weights().tensors)
    #expect(read.notes == ["\(file.tensors.count) tensors of \(type.rawValue) become F32"])
  }

  /// Every half, subnormal ones and infinities too, is the number that IEEE 754 says.
  @Test func everyHalfIsItsNumber() {
    for bits in UInt16.min...UInt16.max {
      let (own, expected) = (Float(halfBits: bits), Float(Float16(bitPattern: bits)))
      #expect(
        own.bitPattern == expected.bitPattern || own.isNaN && expected.isNaN, "\(bits)")
    }
  }

  @Test(arguments: ["module.", "_orig_mod.", "_orig_mod.module."])
  func prefixesAreTakenOff(prefix: String) throws {
    var file = SafeTensors()
    for (name, tensor) in weights().tensors { file.tensors[prefix + name] = tensor }
    let read = try read(file)
    #expect(read.tensors.tensors == weights().tensors)
    let parts = prefix.split(separator: ".").count
    #expect(
      read.notes.count == parts && read.notes[0].contains("prefix '_orig_mod.'") || parts == 1)
    file.tensors["fc.bias"] = weights().tensors["fc.bias"]
    let error = #expect(throws: TrainingError.self) { try self.read(file) }
    #expect(error?.exitStatus == 65 && error?.why.contains("'fc.bias' twice") == true)
  }

  @Test(arguments: [
    [0x50, 0x4B, 3, 4, 0, 0, 8, 8, 0, 0],
    [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20],
    [0x80, 4, 0x95, 1, 2, 3, 4, 5, 6, 7],
  ])
  func filesOfTorchAreNamed(start: [UInt8]) throws {
    let path = folder.file("net.pth")
    try Data(start).write(to: URL(fileURLWithPath: path))
    for read in [
      { _ = try ForeignWeights(contentsOf: path, model: self.model) },
      { _ = try Checkpoint(contentsOf: path) },
    ] {
      let error = #expect(throws: TrainingError.self) { try read() }
      #expect(error?.exitStatus == 65 && error?.why.contains("torch.save") == true)
      #expect(error?.description.contains("save_file({k: v.contiguous() for k, v in") == true)
      #expect(error?.description.contains("'net.safetensors')") == true)
    }
  }

  @Test func filesThatWereNotWrittenToTheirEndSaySo() throws {
    let whole = weights().encoded().flatMap(\.self)
    for (bytes, part) in [
      (Array(whole.dropLast(100)), "may not have been written to its end"),
      ([UInt8](repeating: 0, count: 4096), "begins with zeros"),
      (Array(whole.prefix(500)), "claims"),
    ] {
      let error = #expect(throws: TrainingError.self) {
        try SafeTensors(decoding: bytes, name: "part")
      }
      #expect(error?.why.contains(part) == true, "\(error?.why ?? "")")
    }
  }

  // MARK: - Several files

  /// Writes the weights as two files and their index.
  private func writeParts(_ change: (inout [String: String]) -> Void = { _ in }) throws -> String {
    let names = weights().tensors.keys.sorted()
    var map: [String: String] = [:]
    for part in 1...2 {
      var file = SafeTensors(metadata: ["format": "pt"])
      let shard = "model-0000\(part)-of-00002.safetensors"
      for (index, name) in names.enumerated() where index % 2 == part - 1 {
        file.tensors[name] = weights().tensors[name]
        map[name] = shard
      }
      try file.write(to: folder.file(shard))
    }
    change(&map)
    let path = folder.file("model.safetensors.index.json")
    let json = try JSONSerialization.data(
      withJSONObject: ["metadata": ["total_size": 12.5], "weight_map": map])
    try json.write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test func anIndexIsReadWithItsFiles() throws {
    let read = try ForeignWeights(contentsOf: writeParts(), model: model)
    #expect(read.tensors.tensors == weights().tensors && read.tensors.metadata["format"] == "pt")
    let error = #expect(throws: TrainingError.self) {
      try ForeignWeights(
        contentsOf: folder.file("model-00001-of-00002.safetensors"), model: model)
    }
    #expect(error?.advice.contains(".safetensors.index.json") == true)
  }

  @Test func aWrongIndexIsRefusedWithTheReason() throws {
    func refusal(_ change: (inout [String: String]) -> Void, file: String? = nil) throws -> String {
      let path = try writeParts(change)
      if let file { try FileManager.default.removeItem(atPath: folder.file(file)) }
      let error = #expect(throws: TrainingError.self) { try SafeTensors(contentsOf: path) }
      #expect(error?.exitStatus == (file == nil ? 65 : 66))
      return error?.why ?? ""
    }
    let first = "model-00001-of-00002.safetensors"
    #expect(try refusal { $0["none"] = first }.contains("has no tensor 'none'"))
    #expect(try refusal { $0["fc.bias"] = nil }.contains("has a tensor 'fc.bias'"))
    #expect(try refusal { $0["fc.bias"] = "../a.safetensors" }.contains("is no name of"))
    #expect(try refusal { $0["fc.bias"] = "/etc/passwd" }.contains("is no name of"))
    #expect(try refusal { $0 = [:] }.contains("no 'weight_map'"))
    #expect(try refusal({ _ in }, file: first).contains("cannot be opened"))
    try Data("[[".utf8).write(to: URL(fileURLWithPath: folder.file("a.safetensors.index.json")))
    #expect(throws: TrainingError.self) {
      try SafeTensors(contentsOf: folder.file("a.safetensors.index.json"))
    }
  }
}
