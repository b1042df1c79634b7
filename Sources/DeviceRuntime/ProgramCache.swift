import Foundation
import Synchronization

/// Compiled programs in a folder, so that the next process need not compile them again.
///
/// Nothing here is an error for the caller: what can't be read is built again, what can't be
/// written is not kept. Several processes may share the folder.
package final class ProgramCache: Sendable {
  /// Everything that decides what a compiler makes of a source.
  package struct Key: Hashable, Sendable {
    /// The parts with their lengths, so that two keys are never one text.
    let text: String

    package init(source: String, options: String, device: DeviceInfo) {
      text = [
        device.platform, device.platformVersion, device.vendor, device.name, device.version,
        device.driver, options, source,
      ].map { "\($0.utf8.count) \($0)\n" }.joined()
    }

    package var fileName: String {
      let digits = String(fnv1a(text.utf8), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits + fileExtension
    }
  }

  /// What happened so far.
  package struct Counts: Equatable, Sendable {
    /// Binaries found in the folder, also those that the driver then refused.
    package var hits = 0
    package var misses = 0
    package var refused = 0
    package var stored = 0
  }

  package let directory: URL
  package let maximumBytes: Int
  private let state = Mutex(Counts())

  /// Keeps at most `maximumBytes` in `directory`, which is made when it is first needed.
  package init(directory: URL, maximumBytes: Int = 256 << 20) {
    self.directory = directory
    self.maximumBytes = maximumBytes
  }

  package var counts: Counts { state.withLock { $0 } }

  /// The stored binary for `key`, or nil where there is none or it is damaged.
  package func binary(for key: Key) -> [UInt8]? {
    let file = directory.appending(path: key.fileName)
    guard let data = try? Data(contentsOf: file),
      let binary = ProgramCacheEntry.decode([UInt8](data), key: key.text)
    else {
      state.withLock { $0.misses += 1 }
      return nil
    }
    // The modification time is that of the last use.
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: file.path)
    state.withLock { $0.hits += 1 }
    return binary
  }

  /// Keeps `binary` for `key` in place of what was there, and removes the files that were not
  /// used for longest when the folder grows too large.
  package func store(_ binary: [UInt8], for key: Key) {
    let bytes = ProgramCacheEntry.encode(binary, key: key.text)
    guard bytes.count <= maximumBytes else { return }
    let temporary = directory.appending(path: UUID().uuidString + temporaryExtension)
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      try Data(bytes).write(to: temporary)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      return
    }
    let file = directory.appending(path: key.fileName)
    guard rename(temporary.path, file.path) == 0 else {
      try? FileManager.default.removeItem(at: temporary)
      return
    }
    state.withLock { $0.stored += 1 }
    trim()
  }

  func noteRefused() { state.withLock { $0.refused += 1 } }

  private func trim() {
    let properties: Set<URLResourceKey> = [.contentModificationDateKey, .fileSizeKey]
    guard
      let files = try? FileManager.default.contentsOfDirectory(
        at: directory, includingPropertiesForKeys: Array(properties))
    else { return }
    var entries: [(file: URL, used: Date, size: Int)] = []
    for file in files {
      guard let values = try? file.resourceValues(forKeys: properties),
        let used = values.contentModificationDate, let size = values.fileSize
      else { continue }
      if file.lastPathComponent.hasSuffix(temporaryExtension) {
        // An hour is longer than any write takes: its process is dead.
        if used.timeIntervalSinceNow < -3600 { try? FileManager.default.removeItem(at: file) }
      } else if file.lastPathComponent.hasSuffix(fileExtension) {
        entries.append((file, used, size))
      }
    }
    var total = entries.reduce(0) { $0 + $1.size }
    for entry in entries.sorted(by: { $0.used < $1.used }) {
      guard total > maximumBytes else { return }
      try? FileManager.default.removeItem(at: entry.file)
      total -= entry.size
    }
  }
}

private let fileExtension = ".widecl-program"
private let temporaryExtension = ".widecl-program-tmp"

/// The file of one program: magic, format, three numbers, the key, the binary.
///
/// All numbers are little-endian and 64 bits wide.
enum ProgramCacheEntry {
  static let magic = Array("WIDECLPB".utf8)
  static let format: UInt64 = 1
  private static let headerBytes = 8 + 4 * 8

  static func encode(_ binary: [UInt8], key: String) -> [UInt8] {
    let key = Array(key.utf8)
    var bytes = magic
    for number in [format, UInt64(key.count), UInt64(binary.count), fnv1a(binary)] {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes + key + binary
  }

  /// The binary, or nil unless the file is whole, undamaged and that of `key`.
  static func decode(_ bytes: [UInt8], key: String) -> [UInt8]? {
    guard bytes.count >= headerBytes, bytes.starts(with: magic) else { return nil }
    let numbers = (1...4).map { index in
      bytes[(8 * index)..<(8 * index + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    let key = Array(key.utf8)
    let payload = bytes.dropFirst(headerBytes)
    guard numbers[0] == format, numbers[1] == UInt64(key.count), payload.starts(with: key)
    else { return nil }
    let binary = Array(payload.dropFirst(key.count))
    guard numbers[2] == UInt64(binary.count), numbers[3] == fnv1a(binary) else { return nil }
    return binary
  }
}

/// The 64-bit FNV-1a hash, which is the same in every process, unlike `Hasher`.
package func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
