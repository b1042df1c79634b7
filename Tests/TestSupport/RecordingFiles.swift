import Files
import Glibc
import Synchronization

/// The system's files, with a record from which it can be told what a loss of power leaves of them.
///
/// For files of one folder that are made and replaced through it.
package final class RecordingFiles: FileOperations {
  enum Event {
    case write(file: Int, [UInt8])
    case truncate(file: Int, Int)
    case synchronize(file: Int)
    case create(name: String, file: Int)
    case rename(old: String, new: String, file: Int)
    case remove(name: String)
    case synchronizeFolder
  }

  private struct State {
    var events: [Event] = []
    /// The numbers of the files that have a name.
    var files: [String: Int] = [:]
    /// The numbers of the open files; nil for a folder.
    var descriptors: [Int32: Int?] = [:]
    var made = 0
  }

  private let system = SystemFiles()
  private let ignoresSynchronization: Bool
  private let state = Mutex(State())

  /// With `ignoresSynchronization` nothing is ever waited for, as if fsync had been forgotten.
  package init(ignoresSynchronization: Bool = false) {
    self.ignoresSynchronization = ignoresSynchronization
  }

  /// What was done, in its order.
  package var disk: RecordedDisk { RecordedDisk(events: state.withLock { $0.events }) }

  package func open(_ path: String, flags: Int32, mode: mode_t) throws(FileError) -> Int32 {
    let descriptor = try system.open(path, flags: flags, mode: mode)
    let name = RecordingFiles.name(path)
    state.withLock { state in
      if flags & O_CREAT != 0 && state.files[name] == nil {
        state.made += 1
        state.files[name] = state.made
        state.events.append(.create(name: name, file: state.made))
      }
      state.descriptors[descriptor] = .some(
        flags & O_DIRECTORY != 0 ? nil : state.files[name])
    }
    return descriptor
  }

  package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Int
  {
    let count = try system.write(descriptor, bytes)
    record(descriptor) { .write(file: $0, Array(bytes[..<count])) }
    return count
  }

  package func synchronize(_ descriptor: Int32) throws(FileError) {
    // The disk of the test need not be waited for.
    if ignoresSynchronization { return }
    state.withLock { state in
      guard let file = state.descriptors[descriptor] else { return }
      state.events.append(file.map { Event.synchronize(file: $0) } ?? .synchronizeFolder)
    }
  }

  package func truncate(_ descriptor: Int32, to length: Int) throws(FileError) {
    try system.truncate(descriptor, to: length)
    record(descriptor) { .truncate(file: $0, length) }
  }

  package func close(_ descriptor: Int32) throws(FileError) {
    state.withLock { _ = $0.descriptors.removeValue(forKey: descriptor) }
    try system.close(descriptor)
  }

  package func rename(_ old: String, to new: String) throws(FileError) {
    try system.rename(old, to: new)
    let (old, new) = (RecordingFiles.name(old), RecordingFiles.name(new))
    state.withLock { state in
      guard let file = state.files.removeValue(forKey: old) else { return }
      state.files[new] = file
      state.events.append(.rename(old: old, new: new, file: file))
    }
  }

  package func remove(_ path: String) throws(FileError) {
    try system.remove(path)
    let name = RecordingFiles.name(path)
    state.withLock { state in
      state.files[name] = nil
      state.events.append(.remove(name: name))
    }
  }

  private func record(_ descriptor: Int32, _ event: (Int) -> Event) {
    state.withLock { state in
      if let file = state.descriptors[descriptor] ?? nil { state.events.append(event(file)) }
    }
  }

  private static func name(_ path: String) -> String {
    String(path.split(separator: "/").last ?? "")
  }
}

/// What files a loss of power may leave.
///
/// What was synchronised is there. Of everything else a file system may have written any part, in
/// any order: a name without its content, a content without its name, a half or zeros in place of it.
package struct RecordedDisk: Sendable {
  let events: [RecordingFiles.Event]

  /// Moments at which power can be lost: before each event and after the last.
  package var moments: ClosedRange<Int> { 0...events.count }

  /// The contents that were renamed to `name`, each with the first moment from which it
  /// cannot be lost any more; nil where it is never safe.
  package func versions(of name: String) -> [(content: [UInt8], safeFrom: Int?)] {
    var versions: [(content: [UInt8], safeFrom: Int?)] = []
    var contents: [Int: [UInt8]] = [:]
    for (index, event) in events.enumerated() {
      switch event {
      case .write(let file, let bytes): contents[file, default: []] += bytes
      case .truncate(let file, let length):
        contents[file] = Array(contents[file, default: []].prefix(length))
      case .rename(_, let new, let file):
        if new == name { versions.append((contents[file] ?? [], nil)) }
      case .create, .remove, .synchronize: break
      case .synchronizeFolder:
        for place in versions.indices where versions[place].safeFrom == nil {
          versions[place].safeFrom = index + 1
        }
      }
    }
    return versions
  }

  /// One of the states in which the folder may be after a loss of power at `moment`.
  package func state(
    at moment: Int, using generator: inout some RandomNumberGenerator
  ) -> [String: [UInt8]] {
    var written: [Int: [UInt8]] = [:]
    var safe: [Int: [UInt8]] = [:]
    var names: [String: Int] = [:]
    var pending: [RecordingFiles.Event] = []
    for event in events[..<moment] {
      switch event {
      case .write(let file, let bytes): written[file, default: []] += bytes
      case .truncate(let file, let length):
        written[file] = Array(written[file, default: []].prefix(length))
      case .synchronize(let file): safe[file] = written[file] ?? []
      case .create, .rename, .remove: pending.append(event)
      case .synchronizeFolder:
        for event in pending { RecordedDisk.apply(event, to: &names) }
        pending = []
      }
    }
    for event in pending where Bool.random(using: &generator) {
      RecordedDisk.apply(event, to: &names)
    }
    return names.mapValues { file in
      RecordedDisk.content(
        safe: safe[file] ?? [], written: written[file] ?? [], using: &generator)
    }
  }

  private static func apply(_ event: RecordingFiles.Event, to names: inout [String: Int]) {
    switch event {
    case .create(let name, let file): names[name] = file
    case .rename(let old, let new, let file):
      names[old] = nil
      names[new] = file
    case .remove(let name): names[name] = nil
    default: break
    }
  }

  private static func content(
    safe: [UInt8], written: [UInt8], using generator: inout some RandomNumberGenerator
  ) -> [UInt8] {
    if safe == written { return safe }
    let kept = min(safe.count, written.count)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return safe
    case 1: return written
    case 2:
      return Array(written.prefix(Int.random(in: kept...written.count, using: &generator)))
    default:
      return Array(written[..<kept]) + [UInt8](repeating: 0, count: written.count - kept)
    }
  }
}
