import Autotuner
import DeviceRuntime
import Foundation
import Graph
import Models
import TestSupport
import Testing
import Training

/// The engine repeats another engine's training runs, which lie in Traces/.
@Suite(.serialized)
struct TraceTests {
  private func folder(_ name: String) throws -> String {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Traces/\(name)").path
  }

  /// A copy of the small trace that may be damaged.
  private func copy(_ temporary: TemporaryFolder) throws -> String {
    let path = temporary.file("trace")
    try FileManager.default.copyItem(atPath: folder("wrn-10-1"), toPath: path)
    return path
  }

  /// Sets members of a copy's trace.json; nil removes one.
  private func change(_ trace: String, _ members: [String: Any?]) throws {
    let url = URL(fileURLWithPath: trace + "/trace.json")
    var object = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    for (name, value) in members { object[name] = value }
    try JSONSerialization.data(withJSONObject: object).write(to: url)
  }

  /// Winograd's rounding turns a ReLU's sign within some steps, from which on a trace goes its way.
  private static let direct = TunedChooser([], algorithms: .direct)

  @Test(arguments: [
    ("wrn-10-1", true), ("wrn-16-2", false), ("wrn-13-1-b313", true),
    ("preact-resnet-11-bottleneck", false),
  ])
  func replayGivesTheSameNumbers(name: String, hasEnd: Bool) throws {
    let result = try Trace(folder: folder(name)).replay(
      on: TestDevice().context, chooser: Self.direct)
    #expect(result.passed)
    #expect(result.steps == 8 && result.losses.count == 8)
    #expect(result.maxRelativeLossError <= 1e-5)
    #expect(result.maxLogitError <= 1e-4)
    #expect((result.maxParameterError != nil) == hasEnd)
    #expect(result.maxParameterError ?? 0 <= 1e-4)
  }

  @Test(arguments: ["resnet-14", "resnet-8-bottleneck", "stochastic-depth-14"])
  func replayFromNumbersByName(name: String) throws {
    let temporary = try TemporaryFolder()
    let json = try Data(contentsOf: URL(fileURLWithPath: folder(name) + "/trace.json"))
    try json.write(to: URL(fileURLWithPath: temporary.file("trace.json")))
    let description = try JSONDecoder().decode(Trace.Description.self, from: json)
    try GeneratedStart(key: name).write(to: temporary.path, description: description)
    let result = try Trace(folder: temporary.path).replay(
      on: TestDevice().context, chooser: Self.direct)
    #expect(result.passed && result.steps == 8)
    #expect(result.maxRelativeLossError <= 1e-5)
    #expect(result.maxLogitError <= 1e-4)
  }

  /// Traces/make_plain_trace.py has the same layers.
  @Test func replayOfLayersWithoutNormalization() throws {
    var network = Network(image: ImageShape(height: 14, width: 14, channels: 3))
    var x = network.convolution(
      network.input, channels: 16, kernel: 5, activation: .elu, name: "elu")
    network.sideLoss(x, weight: 0.5, classes: 10, name: "side")
    x = network.maxPool(x, kernel: 3, stride: 2, padding: 0, roundsUp: true)
    let h = network.convolution(x, channels: 16, kernel: 3, activation: .relu, name: "h")
    let t = network.convolution(x, channels: 16, kernel: 3, activation: .sigmoid, name: "t")
    x = network.gate(h, t, x, name: "highway")
    x = network.convolution(x, channels: 24, kernel: 2, activation: .identity, name: "pieces")
    x = network.maxout(x, pieces: 2, name: "maxout")
    x = network.averagePool(x, kernel: 3, stride: 2, name: "pool0")
    x = network.averagePool(x, kernel: 3, stride: 2, padding: 0, roundsUp: true, name: "pool1")
    x = network.convolution(x, channels: 10, kernel: 1, activation: .relu, name: "relu")
    x = network.maxPool(x, kernel: 2, stride: 2, padding: 0, name: "pool2")
    x = network.linear(x, outputs: 20, name: "fc0")
    network.linear(network.maxout(x, pieces: 4, name: "fc0.maxout"), outputs: 10, name: "fc")

    let temporary = try TemporaryFolder()
    let json = try Data(contentsOf: URL(fileURLWithPath: folder("plain") + "/trace.json"))
    try json.write(to: URL(fileURLWithPath: temporary.file("trace.json")))
    let description = try JSONDecoder().decode(Trace.Description.self, from: json)
    try GeneratedStart(key: "plain").write(
      to: temporary.path, description: description, of: network)
    let result = try Trace(folder: temporary.path, of: network).replay(
      on: TestDevice().context, chooser: Self.direct)
    #expect(result.passed && result.steps == 8)
    #expect(result.maxRelativeLossError <= 1e-5)
    #expect(result.maxLogitError <= 1e-4)
  }

  @Test func changedNumbersFail() throws {
    let context = try TestDevice().context
    let temporary = try TemporaryFolder()
    let trace = try copy(temporary)
    var losses = try Trace(folder: trace).description.losses
    losses[5] *= 1.0001
    try change(trace, ["losses": losses])
    let result = try Trace(folder: trace).replay(on: context, chooser: Self.direct)
    #expect(!result.passed && result.maxRelativeLossError > 5e-5)
    #expect(result.maxLogitError <= 1e-4)

    losses[5] /= 1.0001
    var logits = try Trace(folder: trace).description.evalLogits
    logits[3][7] += 0.001
    try change(trace, ["losses": losses, "eval_logits_of_first_batch": logits])
    #expect(try !Trace(folder: trace).replay(on: context, chooser: Self.direct).passed)
  }

  @Test(arguments: ["trace.json", "init.safetensors", "batches.safetensors"])
  func missingAndDamagedFilesAreErrors(name: String) throws {
    let temporary = try TemporaryFolder()
    let trace = try copy(temporary)
    let path = trace + "/" + name
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try bytes.dropLast(2).write(to: URL(fileURLWithPath: path))
    let damaged = #expect(throws: TrainingError.self) { _ = try Trace(folder: trace) }
    #expect(damaged?.exitStatus == 65)
    #expect(damaged?.what.hasSuffix(name) == true)
    try FileManager.default.removeItem(atPath: path)
    let missing = #expect(throws: TrainingError.self) { _ = try Trace(folder: trace) }
    #expect(missing?.exitStatus == 66)
    #expect(missing?.what.hasSuffix(name) == true)
  }

  @Test func tensorsOfAnotherModelAreAnError() throws {
    let temporary = try TemporaryFolder()
    let trace = try copy(temporary)
    try change(trace, ["width": 2])
    let error = #expect(throws: TrainingError.self) {
      _ = try Trace(folder: trace).replay(
        on: TestDevice().context, chooser: Self.direct)
    }
    #expect(error?.exitStatus == 65)
    #expect(error?.what.hasSuffix("init.safetensors") == true)
  }

  @Test(arguments: [
    #"{"dropout": 0.3}"#, #"{"steps": 7}"#, #"{"steps": 0, "losses": []}"#, #"{"batch": 4}"#,
    #"{"classes": 11}"#, #"{"size": 14}"#, #"{"channels": 1}"#, #"{"depth": 11}"#,
    #"{"depth": 10000000000}"#, #"{"block": "3,x,3"}"#, #"{"block": ""}"#, #"{"block": "2,2"}"#,
    #"{"width": -1}"#, #"{"size": 99999999999}"#, #"{"lr": null}"#, #"{"losses": 2}"#,
    #"{"batch": 2147483648}"#, #"{"family": "vgg"}"#, #"{"family": "preact-resnet"}"#,
    #"{"family": "preact-resnet", "block": "1,3,1"}"#, #"{"family": "resnet", "width": 2}"#,
    #"{"dropped": [[0], [], [], [], [], [], [], []]}"#, #"{"family": "imagenet-resnet"}"#,
    #"{"family": "imagenet-resnet", "groups": [1, 0]}"#,
  ])
  func contradictionsAreRefused(members: String) throws {
    let temporary = try TemporaryFolder()
    let trace = try copy(temporary)
    let changes = try #require(
      JSONSerialization.jsonObject(with: Data(members.utf8)) as? [String: Any])
    try change(trace, changes.mapValues { $0 is NSNull ? nil : $0 })
    let error = #expect(throws: TrainingError.self) { _ = try Trace(folder: trace) }
    #expect(error?.exitStatus == 65)
  }

  @Test func labelsOutOfRangeAreRefused() throws {
    let temporary = try TemporaryFolder()
    let trace = try copy(temporary)
    var batches = try SafeTensors(contentsOf: trace + "/batches.safetensors")
    var labels = try #require(batches.tensors["labels"]?.int32s)
    labels[10] = 10
    batches.tensors["labels"] = SafeTensors.Tensor(labels, shape: [8, 8])
    try batches.write(to: trace + "/batches.safetensors")
    let error = #expect(throws: TrainingError.self) { _ = try Trace(folder: trace) }
    #expect(error?.exitStatus == 65)
  }
}
