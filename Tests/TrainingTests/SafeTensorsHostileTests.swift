import Foundation
import Testing
import Training

@Suite struct SafeTensorsHostileTests {
  /// A file with a wrong content, and a part of the error it must give.
  struct Malformed: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let error: String

    init(_ name: String, bytes: [UInt8], error: String) {
      testDescription = name
      self.bytes = bytes
      self.error = error
    }

    init(_ name: String, header: String, data: Int = 4, error: String) {
      self.init(
        name, bytes: file(Array(header.utf8), data: data), error: error)
    }

    /// A header with one F32 tensor "x", of which parts are replaced.
    init(
      _ name: String, type: String = "\"F32\"", shape: String = "[1]", offsets: String = "[0,4]",
      data: Int = 4, error: String
    ) {
      self.init(
        name, header: #"{"x":{"dtype":\#(type),"shape":\#(shape),"data_offsets":\#(offsets)}}"#,
        data: data, error: error)
    }
  }

  static let x = #""x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#
  static let y = #""y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#

  static let malformed: [Malformed] = [
    .init("empty file", bytes: [], error: "at least 8 bytes, got 0"),
    .init("seven bytes", bytes: [2, 0, 0, 0, 0, 0, 0], error: "at least 8 bytes, got 7"),
    .init("no header", bytes: [2, 0, 0, 0, 0, 0, 0, 0], error: "claims 2 bytes, the file has 0"),
    .init(
      "header longer than the file", bytes: [200, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D],
      error: "claims 200 bytes, the file has 2"),
    .init(
      "header of 2^64 - 1 bytes", bytes: [UInt8](repeating: 255, count: 8) + [0x7B, 0x7D],
      error: "more than the 100000000 allowed"),
    .init("empty header", header: "", data: 0, error: "expected '{' at byte 0"),
    .init("array", header: "[]", data: 0, error: "expected '{'"),
    .init("not JSON", header: "hello", data: 0, error: "expected '{'"),
    .init("JSON cut short", header: "{\(x)", error: "expected ','"),
    .init("JSON with more behind it", header: "{\(x)} {}", error: "expected the end"),
    .init("comma too many", header: "{\(x),}", error: #"expected '"'"#),
    .init("string cut short", header: "{\"x", error: "the end of a string"),
    .init("control character", header: "{\"x\n\":1}", error: "no control character"),
    .init("unknown escape", header: #"{"\x":1}"#, error: "an escape"),
    .init("escape cut short", header: #"{"\u12"#, error: "hexadecimal"),
    .init("lone surrogate", header: #"{"\ud800":1}"#, error: "surrogates"),
    .init("signed escape", header: #"{"\u+123":1}"#, error: "hexadecimal"),
    .init(
      "not UTF-8", bytes: file([0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x7D], data: 0), error: "not UTF-8"),
    .init("tensor is a number", header: #"{"x":1}"#, error: "expected '{'"),
    .init("thousand brackets", header: String(repeating: "[", count: 100_000), error: "'{'"),
    .init("name twice", header: "{\(x),\(x)}", error: "\"x\": the name appears twice"),
    .init(
      "name twice, once escaped",
      header: #"{\#(x),"\u0078":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      error: "the name appears twice"),
    .init(
      "metadata twice", header: #"{"__metadata__":{},"__metadata__":{}}"#, data: 0,
      error: "appears twice"),
    .init(
      "metadata key twice", header: #"{"__metadata__":{"a":"1","a":"2"}}"#, data: 0,
      error: "metadata \"a\" appears twice"),
    .init(
      "metadata that is no text", header: #"{"__metadata__":{"a":1}}"#, data: 0, error: #"'"'"#),
    .init(
      "dtype twice",
      header: #"{"x":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}"#,
      error: "\"x\": two values of dtype"),
    .init(
      "key that is unknown",
      header: #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"a":1}}"#,
      error: "\"x\": expected dtype, shape or data_offsets, got \"a\""),
    .init(
      "no shape", header: #"{"x":{"dtype":"F32","data_offsets":[0,4]}}"#,
      error: "\"x\": expected dtype, shape and data_offsets"),
    .init("unknown dtype", type: "\"F33\"", error: "\"x\": expected a dtype of F64"),
    .init("dtype is a number", type: "1", error: "\"x\": the header is not valid"),
    .init("negative extent", shape: "[-1]", error: "\"x\": the header is not valid"),
    .init("fraction", shape: "[1.0]", error: "expected ','"),
    .init("exponent", shape: "[1e0]", error: "expected ','"),
    .init("leading zero", shape: "[01]", error: "a whole number"),
    .init("extent above 2^63", shape: "[9223372036854775808]", error: "below 2^63"),
    .init("extent of 30 digits", shape: "[999999999999999999999999999999]", error: "below 2^63"),
    .init(
      "product above 2^63", shape: "[4294967296,4294967296]",
      error: "\"x\": the shape has too many elements"),
    .init(
      "product that wraps to 4", shape: "[4611686018427387905]", error: "too many elements"),
    .init("bytes too few", shape: "[2]", error: "\"x\": expected 8 bytes, got 4"),
    .init(
      "bytes too many", shape: "[]", offsets: "[0,8]", data: 8, error: "expected 4 bytes, got 8"),
    .init("offsets reversed", offsets: "[4,0]", error: "\"x\": expected data_offsets in order"),
    .init("offsets behind the end", offsets: "[4,8]", error: "within 0 to 4, got [4, 8]"),
    .init(
      "offsets near 2^63", offsets: "[9223372036854775803,9223372036854775807]",
      error: "within 0 to 4"),
    .init("one offset", offsets: "[0]", error: "two data_offsets, got 1"),
    .init("three offsets", offsets: "[0,4,8]", error: "two data_offsets, got 3"),
    .init("file cut short", data: 3, error: "within 0 to 3, got [0, 4]"),
    .init("bytes left over", data: 5, error: "expected 4 bytes of tensors, got 5"),
    .init("bytes without tensors", header: "{}", data: 1, error: "expected 0 bytes"),
    .init(
      "hole at the start", offsets: "[4,8]", data: 8,
      error: "\"x\": leaves a hole before it, expected its bytes at 0, got 4"),
    .init(
      "hole between",
      header: #"{\#(x),"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#, data: 12,
      error: "\"y\": leaves a hole"),
    .init(
      "overlap",
      header: #"{\#(x),"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#, data: 6,
      error: "\"y\": overlaps"),
    .init(
      "the same bytes twice",
      header: #"{\#(x),"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      error: "overlaps"),
  ]

  @Test(arguments: malformed)
  func malformedFileGivesAnError(_ file: Malformed) throws {
    let error = #expect(throws: TrainingError.self) {
      try SafeTensors(decoding: file.bytes, name: "bad.safetensors")
    }
    #expect(error?.exitStatus == 65)
    #expect(error?.what == "bad.safetensors")
    #expect(error?.why.contains(file.error) == true, "\(error?.why ?? "")")

    let folder = try TemporaryFolder()
    try Data(file.bytes).write(to: URL(fileURLWithPath: folder.file("bad")))
    let same = #expect(throws: TrainingError.self) {
      try SafeTensors(contentsOf: folder.file("bad"))
    }
    #expect(same?.why == error?.why)
  }

  @Test func whatTheTableChangesIsValid() throws {
    let header =
      #" { \#(Self.x), \#(Self.y), "e\ud83d\ude00\/":"#
      + #"{"shape":[],"dtype":"U8","data_offsets":[8,9]} } "#
    let file = try SafeTensors(decoding: file(Array(header.utf8), data: 9), name: "good")
    #expect(file.tensors.keys.sorted() == ["e\u{1F600}/", "x", "y"])
  }

  @Test func nameWithEscapeSequenceCannotReachTheTerminal() throws {
    let bytes = file(Array(#"{"\u001b[2J\n\u202e":1}"#.utf8), data: 0)
    let error = #expect(throws: TrainingError.self) {
      try SafeTensors(decoding: bytes, name: "a\nb")
    }
    let description = error?.description ?? ""
    #expect(description.hasPrefix(#"a\u{a}b: tensor "\u{1b}[2J\u{a}\u{202e}": "#), "\(description)")
    #expect(description.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
  }

  @Test func longNameIsCutInTheError() {
    let name = String(repeating: "n", count: 1_000_000)
    let error = #expect(throws: TrainingError.self) {
      try SafeTensors(decoding: file(Array("{\"\(name)\":1}".utf8), data: 0), name: "a")
    }
    #expect((error?.description.count ?? .max) < 1500)
  }

  /// Every mutation must give an error or a file that can be written and read again.
  @Test(arguments: [1, 2] as [UInt64])
  func randomMutationsNeverTrap(seed: UInt64) throws {
    var generator = SplitMix(state: seed)
    let original = SafeTensorsTests.example.encoded().flatMap(\.self)
    let pieces = ["[", "]", "{", "}", "\"", ",", ":", "\\u", "-", "9999999999", "0", "\"F64\""]
    var accepted = 0
    for mutation in 0..<2000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1 where !bytes.isEmpty: bytes[place] = .random(in: .min ... .max, using: &generator)
        case 2: bytes.removeSubrange(min(place, bytes.count)...)
        case 3:
          let piece = pieces.randomElement(using: &generator) ?? ""
          bytes.insert(contentsOf: piece.utf8, at: min(place, bytes.count))
        case 4:
          let end = min(place + Int.random(in: 1...20, using: &generator), bytes.count)
          bytes.removeSubrange(min(place, end)..<end)
        default:
          // Most changes within the header that keep its length still reach the checks behind it.
          let header = min(max(bytes.count - 8, 0), 400)
          if header > 0 {
            bytes[8 + place % header] = UInt8.random(in: 0x30...0x39, using: &generator)
          }
        }
      }
      do {
        let file = try SafeTensors(decoding: bytes, name: "mutated")
        accepted += 1
        let again = try SafeTensors(decoding: file.encoded().flatMap(\.self), name: "again")
        #expect(again == file, "seed \(seed), mutation \(mutation)")
      } catch {
        #expect(error.exitStatus == 65, "seed \(seed), mutation \(mutation)")
        #expect(error.what == "mutated", "seed \(seed), mutation \(mutation)")
      }
    }
    // Changed values of elements are valid files: without any the mutations were too coarse.
    #expect(accepted > 0 && accepted < 2000, "seed \(seed)")
  }
}

/// A header behind its length, and zeros for the tensors.
private func file(_ header: [UInt8], data: Int) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    + [UInt8](repeating: 0, count: data)
}

/// A small generator with a seed.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
