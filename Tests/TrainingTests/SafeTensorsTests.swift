import Foundation
import Testing
import Training

@Suite struct SafeTensorsTests {
  static let example = SafeTensors(
    metadata: ["note": "a\n\"b\" \\ \u{1} ü", "epoch": "3"],
    tensors: [
      "z.weight": .init([1.5, -2, 3, 0.25] as [Float], shape: [2, 2]),
      "labels": .init([1, -2, 3] as [Int32], shape: [3]),
      "byte": .init(type: .u8, shape: [], bytes: [7]),
      "empty": .init([] as [Float], shape: [0, 3]),
      "a.weight": .init([.infinity, -0.0] as [Float], shape: [2]),
    ])

  @Test func roundTripsThroughAFile() throws {
    let folder = try TemporaryFolder()
    try Self.example.write(to: folder.file("a"))
    let read = try SafeTensors(contentsOf: folder.file("a"))
    #expect(read == Self.example)
    #expect(read.tensors["z.weight"]?.floats == [1.5, -2, 3, 0.25])
    #expect(read.tensors["labels"]?.int32s == [1, -2, 3])
    #expect(read.tensors["labels"]?.floats == nil)
    #expect(try folder.names == ["a"])
  }

  @Test func bytesAreTheSameEachTimeAndAligned() throws {
    let bytes = Self.example.encoded()
    for _ in 0..<10 {
      // A dictionary that is built anew may iterate in another order.
      var copy = SafeTensors()
      for (name, tensor) in Self.example.tensors.shuffled() { copy.tensors[name] = tensor }
      for (name, text) in Self.example.metadata.shuffled() { copy.metadata[name] = text }
      #expect(copy.encoded() == bytes)
    }
    #expect(bytes[0].count % 8 == 0)
    let header = String(decoding: bytes[0].dropFirst(8), as: UTF8.self)
    #expect(
      header.trimmingCharacters(in: .whitespaces)
        == #"{"__metadata__":{"epoch":"3","note":"a\u000a\"b\" \\ \u0001 ü"},"#
        + #""a.weight":{"data_offsets":[0,8],"dtype":"F32","shape":[2]},"#
        + #""byte":{"data_offsets":[36,37],"dtype":"U8","shape":[]},"#
        + #""empty":{"data_offsets":[8,8],"dtype":"F32","shape":[0,3]},"#
        + #""labels":{"data_offsets":[8,20],"dtype":"I32","shape":[3]},"#
        + #""z.weight":{"data_offsets":[20,36],"dtype":"F32","shape":[2,2]}}"#)
  }

  /// Reads bytes that this line of Python made.
  ///
  ///     base64.b64encode(safetensors.numpy.save({
  ///       "b.weight": np.array([[1.5, -2], [3, 0.25]], np.float32),
  ///       "labels": np.array([1, -2, 3], np.int32), "ä": np.array(7, np.uint8),
  ///       "empty": np.zeros((0, 3), np.float32)},
  ///       metadata={"format": "pt", "note": "a\n\"b\" ü"}))
  @Test func readsWhatPythonWrote() throws {
    let base64 =
      "KAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCIsIm5vdGUiOiJhXG5cImJcIiDDvCJ9LCJiLndl"
      + "aWdodCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwyXSwiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJlbXB0eSI6"
      + "eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbMTYsMTZdfSwibGFiZWxzIjp7ImR0"
      + "eXBlIjoiSTMyIiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbMTYsMjhdfSwiw6QiOnsiZHR5cGUiOiJVOCIs"
      + "InNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMjgsMjldfX0gICAgIAAAwD8AAADAAABAQAAAgD4BAAAA/v///wMA"
      + "AAAH"
    let data = try #require(Data(base64Encoded: base64))
    let file = try SafeTensors(decoding: Array(data), name: "python")
    #expect(
      file
        == SafeTensors(
          metadata: ["format": "pt", "note": "a\n\"b\" ü"],
          tensors: [
            "b.weight": .init([1.5, -2, 3, 0.25] as [Float], shape: [2, 2]),
            "labels": .init([1, -2, 3] as [Int32], shape: [3]),
            "ä": .init(type: .u8, shape: [], bytes: [7]),
            "empty": .init([] as [Float], shape: [0, 3]),
          ]))
  }

  @Test func missingFileHasStatus66AndFolderHas65() throws {
    let folder = try TemporaryFolder()
    let missing = #expect(throws: TrainingError.self) {
      try SafeTensors(contentsOf: folder.file("missing"))
    }
    #expect(missing?.exitStatus == 66)
    let notAFile = #expect(throws: TrainingError.self) {
      try SafeTensors(contentsOf: folder.path)
    }
    #expect(notAFile?.exitStatus == 65)
  }
}
