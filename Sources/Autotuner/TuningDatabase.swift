import DeviceRuntime
import Foundation

/// Results of tuning, by device: the content of one file.
package struct TuningDatabase: Hashable, Sendable {
  /// The version of the form of files; one of another version is not read.
  package static let schema = 1

  /// What results hold for exactly.
  package struct DeviceKey: Hashable, Codable, Sendable {
    package var name: String
    package var driver: String
    package var platform: String
    package var vendor: String
    package var kind: DeviceKind
    package var nativeFloatWidth: Int

    package init(_ info: DeviceInfo) {
      name = info.name
      driver = info.driver
      platform = info.platform
      vendor = info.vendor
      kind = info.kind
      nativeFloatWidth = info.nativeFloatWidth
    }

    /// Whether results of `other` are worth a try here.
    ///
    /// On CPUs the driver's compiler and the width of the vectors decide, on GPUs the vendor.
    package func isSameClass(as other: DeviceKey) -> Bool {
      guard kind == other.kind && platform == other.platform else { return false }
      return kind == .cpu ? nativeFloatWidth == other.nativeFloatWidth : vendor == other.vendor
    }
  }

  /// The results of one device.
  package struct DeviceResults: Hashable, Codable, Sendable {
    package var device: DeviceKey
    /// What else may matter: versions, compute units, clock.
    package var environment: [String: String]
    package var entries: [TuningEntry]
  }

  package private(set) var devices: [DeviceResults] = []

  package init() {}

  package var isEmpty: Bool { devices.allSatisfy(\.entries.isEmpty) }

  /// Replaces what is known of a problem on a device by `entries`, which are all of that problem.
  package mutating func replace(with entries: [TuningEntry], on info: DeviceInfo) {
    merge(DeviceResults(device: DeviceKey(info), environment: info.environment, entries: entries))
  }

  /// Takes over another database's results; of a problem in both, the other's.
  package mutating func merge(_ other: TuningDatabase) {
    for results in other.devices { merge(results) }
  }

  private mutating func merge(_ other: DeviceResults) {
    guard !other.entries.isEmpty else { return }
    let index: Int
    if let known = devices.firstIndex(where: { $0.device == other.device }) {
      index = known
      devices[known].environment = other.environment
    } else {
      index = devices.count
      devices.append(
        DeviceResults(device: other.device, environment: other.environment, entries: []))
    }
    func key(_ entry: TuningEntry) -> [JSONValue] { [.string(entry.operation), entry.problem] }
    let replaced = Set(other.entries.map(key))
    devices[index].entries.removeAll { replaced.contains(key($0)) }
    devices[index].entries += other.entries
  }
}

// MARK: - Files

extension TuningDatabase {
  private struct Schema: Decodable { var schema: Int }

  private struct File: Codable {
    var schema: Int
    var devices: [DeviceResults]
  }

  /// The largest file that is read.
  private static let maximumBytes = 64 << 20

  /// Reads a file's content; `path` is for the error, which says what is wrong in one line.
  package init(json: [UInt8], path: String) throws(TuningError) {
    func bad(_ why: String) -> TuningError {
      TuningError(.badData, path, why: why, advice: "tune again, or use another copy")
    }
    guard json.count <= TuningDatabase.maximumBytes else {
      throw bad("\(json.count) bytes are too many for tuning results")
    }
    let decoder = JSONDecoder()
    let data = Data(json)
    guard let schema = try? decoder.decode(Schema.self, from: data).schema else {
      throw bad("it holds no tuning results, or is damaged")
    }
    guard schema == TuningDatabase.schema else {
      throw bad(
        "its results have the form \(schema), this version reads \(TuningDatabase.schema)")
    }
    guard let file = try? decoder.decode(File.self, from: data),
      file.devices.allSatisfy(\.isPlausible)
    else { throw bad("it is damaged") }
    for results in file.devices { merge(results) }
  }

  /// The results that come with the kernels, without files that cannot be read.
  package init(shippedWith kernels: KernelLibrary) {
    for file in kernels.tunedFiles {
      guard let shipped = try? TuningDatabase(json: Array(file.text.utf8), path: file.path) else {
        continue
      }
      merge(shipped)
    }
  }

  /// The content of a file, sorted so that the same results give the same bytes.
  package var json: [UInt8] {
    func key(_ entry: TuningEntry) -> (String, String, Double) {
      (entry.operation, "\(entry.problem.sortKey)", entry.seconds)
    }
    let sorted = devices.map { results in
      var results = results
      results.entries.sort { key($0) < key($1) }
      return results
    }.sorted { ($0.device.name, $0.device.driver) < ($1.device.name, $1.device.driver) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(File(schema: TuningDatabase.schema, devices: sorted))
    else { preconditionFailure("a database of strings and finite numbers") }
    return Array(data) + [UInt8(ascii: "\n")]
  }
}

extension TuningDatabase.DeviceResults {
  fileprivate var isPlausible: Bool {
    let texts = [device.name, device.driver, device.platform, device.vendor]
    return texts.allSatisfy { $0.isEmpty || $0.isPrintable }
      && environment.allSatisfy { $0.key.isPrintable && ($0.value.isEmpty || $0.value.isPrintable) }
      && entries.allSatisfy(\.isPlausible)
  }
}

extension JSONValue {
  fileprivate var sortKey: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return (try? encoder.encode([self])).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

extension DeviceInfo {
  /// What stands beside tuning results, for people who compare them.
  fileprivate var environment: [String: String] {
    [
      "platformVersion": platformVersion, "version": version, "computeUnits": "\(computeUnits)",
      "clockMHz": "\(clockMHz)", "globalMemory": "\(globalMemory)",
      "localMemory": "\(localMemory)",
    ]
  }
}
