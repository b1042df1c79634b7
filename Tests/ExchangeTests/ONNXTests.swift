import Foundation
import Graph
import TestSupport
import Testing
import Training

@testable import Exchange

/// The encoded file is read back by field numbers of onnx.proto; onnxruntime's own opinion is asked
/// by `make check-exchange`.
@Suite struct ONNXTests {
  private func graph(_ checkpoint: Checkpoint) throws -> (ProtobufReader, ProtobufReader) {
    let bytes = try checkpoint.onnx(file: "test").flatMap { $0 }
    let model = try ProtobufReader(bytes)
    return (model, try #require(try model.messages(7).first))
  }

  private func line(_ node: ProtobufReader) throws -> String {
    let attributes = try node.messages(5).map { attribute in
      let values =
        attribute.floats(2).map { "\($0)" } + attribute.integers(3).map(String.init)
        + attribute.integers(8).map(String.init)
      // onnx.proto's FLOAT, INT and INTS.
      let type = attribute.integers(20) == [1] ? 2 : attribute.integers(20) == [2] ? 3 : 8
      #expect(attribute.fields.contains { $0.number == type })
      return " \(attribute.texts(1)[0])=" + values.joined(separator: ",")
    }
    return node.texts(4)[0] + "(" + node.texts(1).joined(separator: ", ") + ") -> "
      + node.texts(2).joined(separator: ", ") + attributes.joined()
  }

  private func nameAndShape(_ value: ProtobufReader) throws -> [String] {
    let type = try #require(try value.messages(2).first?.messages(1).first)
    #expect(type.integers(1) == [1], "a tensor of floats")
    let extents = try #require(try type.messages(2).first).messages(1)
    return value.texts(1) + extents.map { $0.texts(2).first ?? "\($0.integers(1)[0])" }
  }

  @Test func theGraphIsTheNetwork() throws {
    let (model, graph) = try graph(ExampleCheckpoint.make("wrn-10-1", dropout: 0.3))
    #expect(model.integers(1) == [8])
    let operators = try #require(try model.messages(8).first)
    #expect(operators.texts(1) == [""] && operators.integers(2) == [17])
    let lines = try graph.messages(1).map(line)
    #expect(lines.joined(separator: "\n") + "\n" == (try golden("wrn-10-1.onnx.txt")))
    #expect(try graph.messages(11).map(nameAndShape) == [["images", "batch", "1", "8", "8"]])
    #expect(try graph.messages(12).map(nameAndShape) == [["logits", "batch", "4"]])
  }

  /// ONNX demands that each name is given once, before it is read.
  @Test(arguments: ["wrn-16-2-b(3,1,3)", "nin", "dsn", "fitnet-19", "highway-19", "elu-11"])
  func everyNameIsGivenOnceBeforeItIsRead(name: String) throws {
    let (_, graph) = try graph(ExampleCheckpoint.make(name))
    var known = Set(try graph.messages(5).flatMap { $0.texts(8) } + ["images"])
    for node in try graph.messages(1) {
      for input in node.texts(1) { #expect(known.contains(input), "\(input)") }
      for output in node.texts(2) { #expect(known.insert(output).inserted, "\(output)") }
    }
    #expect(known.contains("logits"))
  }

  @Test func constantsAreTheCheckpointsTensors() throws {
    let checkpoint = try ExampleCheckpoint.make("wrn-10-1")
    let (_, graph) = try graph(checkpoint)
    let constants = try graph.messages(5)
    let network = checkpoint.header.network
    #expect(constants.count == network.parameters.count + network.states.count)
    for constant in constants {
      let tensor = try #require(checkpoint.tensors.tensors[constant.texts(8)[0]])
      #expect(constant.integers(1) == tensor.shape)
      #expect(constant.integers(2) == [1])
      #expect(constant.bytes(9) == [tensor.bytes])
    }
  }

  @Test func metadataTellHowImagesArePrepared() throws {
    let checkpoint = try ExampleCheckpoint.make("wrn-10-1")
    let (model, _) = try graph(checkpoint)
    let entries = try model.messages(14).map { ($0.texts(1)[0], $0.texts(2)[0]) }
    let metadata = Dictionary(uniqueKeysWithValues: entries)
    #expect(entries.map(\.0) == metadata.keys.sorted())
    #expect(metadata["class_names"] == #"["class 0","class 1","class 2","class 3"]"#)
    #expect(metadata["data"] == "synthetic:1x8x8:4:20" && metadata["image"] == "1x8x8")
    #expect(metadata["scale"] == "short side to 8 pixels" && metadata["short_side"] == "8")
    #expect(["upright", "ignored"].contains(metadata["orientation"]))
    #expect(metadata["crop"] == "middle, 8x8" && metadata["rounded"] == "true")
    #expect(metadata["interpolation"]?.hasPrefix("bicubic") == true)
    #expect(metadata["color"]?.hasPrefix("grey") == true)
    for (key, expected) in [
      ("mean", checkpoint.header.mean), ("standard_deviation", checkpoint.header.standardDeviation),
    ] {
      let text = try #require(metadata[key])
      #expect(try JSONDecoder().decode([Float].self, from: Data(text.utf8)) == expected)
    }
  }
}
