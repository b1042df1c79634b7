import Foundation
import Glibc
import Synchronization

/// What checks of operations found, kept in a file of the cache.
///
/// Nothing here is an error for the caller: what can't be read is checked again, what can't be
/// written is not kept. Several processes may share the file.
package final class CheckRecord: Sendable {
  package enum Verdict: Hashable, Codable, Sendable {
    /// How long the operation took.
    case right(seconds: Double)
    /// What was found, in words.
    case wrong(String)

    package var failure: String? { if case .wrong(let failure) = self { failure } else { nil } }
  }

  private struct Line: Codable {
    var key: CheckKey
    var verdict: Verdict
  }

  /// A larger file keeps only what is wrong.
  private static let largestFile = 4 << 20

  private let path: String?
  private let verdicts: Mutex<[CheckKey: Verdict]>

  /// The record of a file, or one that lives as long as the process.
  package init(path: String? = nil) {
    self.path = path
    var verdicts: [CheckKey: Verdict] = [:]
    let data = path.flatMap { FileManager.default.contents(atPath: $0) } ?? Data()
    let decoder = JSONDecoder()
    for text in data.split(separator: UInt8(ascii: "\n")) {
      // A line that was cut off says nothing.
      guard let line = try? decoder.decode(Line.self, from: text) else { continue }
      verdicts[line.key] = line.verdict
    }
    if let path, data.count > CheckRecord.largestFile {
      verdicts = verdicts.filter { $0.value.failure != nil }
      try? FileManager.default.removeItem(atPath: path)
      CheckRecord.append(verdicts, to: path)
    }
    self.verdicts = Mutex(verdicts)
  }

  package func verdict(_ key: CheckKey) -> Verdict? { verdicts.withLock { $0[key] } }

  /// Whether anything was found wrong, here or elsewhere.
  package var hasWrong: Bool {
    verdicts.withLock { verdicts in verdicts.contains { $0.value.failure != nil } }
  }

  /// Whether anything of the operation was found wrong, here or elsewhere.
  package func hasWrong(operation: String) -> Bool {
    verdicts.withLock { verdicts in
      verdicts.contains { $0.key.operation == operation && $0.value.failure != nil }
    }
  }

  /// Takes over what was found.
  package func note(_ found: [CheckKey: Verdict]) {
    guard !found.isEmpty else { return }
    verdicts.withLock { $0.merge(found) { $1 } }
    if let path { CheckRecord.append(found, to: path) }
  }

  private static func append(_ found: [CheckKey: Verdict], to path: String) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var bytes: [UInt8] = []
    for (key, verdict) in found.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      guard let data = try? encoder.encode(Line(key: key, verdict: verdict)) else { continue }
      bytes += Array(data) + [UInt8(ascii: "\n")]
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard file >= 0 else { return }
    // The process that wrote the last line may have died in the middle of it.
    var last: UInt8 = 0
    let end = lseek(file, 0, SEEK_END)
    if end > 0, pread(file, &last, 1, end - 1) == 1, last != UInt8(ascii: "\n") {
      bytes.insert(UInt8(ascii: "\n"), at: 0)
    }
    // One call, so that the lines of two processes do not mix.
    _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    close(file)
  }
}
