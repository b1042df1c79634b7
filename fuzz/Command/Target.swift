import Autotuner
import Datasets
import Foundation
import Training

/// A reader of files that anybody may have written.
struct Target: Sendable {
  let name: String
  /// Intact files, which the hostile ones are made of.
  let seeds: [[UInt8]]
  /// Pieces that mean something in the format.
  var words: [[UInt8]] = []
  /// Makes checksums and lengths right again, so that a change reaches what is behind them.
  var repair: @Sendable ([UInt8]) -> [UInt8] = { $0 }
  /// The memory that reading may take for each byte of the file, besides `freeMemory`.
  let memoryPerByte: Int
  /// The file's name in the scratch folder.
  var fileName = "input"
  /// Reads the file, which holds the bytes; throws where it refuses them.
  let read: @Sendable (_ file: URL, _ bytes: [UInt8]) throws -> Void

  /// What a reader may take for itself, in bytes: its buffers and tables.
  static let freeMemory = 3 << 20

  static let all: [Target] =
    [idx, idxInGzip, cifar, svhn, npz, jpeg, png, webp, tiff, bmp, exif, imageFolder]
    + [safeTensors, checkpoint, tuning, journal, programCache, recipe, runLog]
    + [weights, safeTensorsIndex, classMap, runConfiguration]
}

/// The checkout this was built in.
let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()

/// The files of a folder of the checkout with one of the endings, all where there are none given.
func files(in folder: String, endings: Set<String> = []) -> [[UInt8]] {
  let folder = checkout.appending(path: folder)
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
  return names.sorted().filter {
    endings.isEmpty || endings.contains(($0 as NSString).pathExtension)
  }
  .compactMap { try? [UInt8](Data(contentsOf: folder.appending(path: $0))) }
}

/// Fails where the fuzzer's own expectation does not hold.
func demand(_ holds: Bool, _ what: @autoclosure () -> String) {
  if !holds { fatalError("broken promise: \(what())") }
}

/// What every refusal must be like: one printable line and a status of the contract.
func checkRefusal(_ error: any Error) {
  let text = "\(error)"
  demand(text.utf8.count < 20_000, "an error of \(text.utf8.count) bytes")
  demand(
    text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
    "a control character in an error")
  switch error {
  case let error as DataError: demand([65, 66].contains(error.exitStatus), text)
  case let error as TrainingError: demand([65, 66].contains(error.exitStatus), text)
  case is TuningError, is Refusal: break
  default: demand(false, "an error of no kind that the commands know: \(text)")
  }
}

/// For readers that refuse without an error.
struct Refusal: Error {}
