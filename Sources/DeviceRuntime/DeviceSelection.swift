/// Why no device could be had.
public struct DeviceError: Error, Sendable, CustomStringConvertible {
  /// What is missing and what to do, in one line.
  public let description: String

  init(_ text: String) {
    description = text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}

/// The choice of one device among those that were found.
struct DeviceSelection {
  struct Candidate {
    var info: DeviceInfo
    var unusableReason: String?
  }

  /// In the order of the indices that users give.
  var candidates: [Candidate]
  /// Platforms without a device, each with its reason.
  var emptyPlatforms: [String]

  /// The index of the device for `request`: an index, a name or a part of one, of the device or
  /// of its platform; without a request that of the fastest GPU and, without one, CPU.
  func index(matching request: String?) throws(DeviceError) -> Int {
    guard !candidates.isEmpty else {
      let advice =
        "install your GPU's driver, or pocl for the CPU (Debian: apt install pocl-opencl-icd)"
      throw DeviceError(
        emptyPlatforms.isEmpty
          ? "no OpenCL device: no OpenCL platform is installed; \(advice)"
          : "no OpenCL device: \(emptyPlatforms.joined(separator: ", ")); \(advice)")
    }
    if let request = request.map(trimmed), !request.isEmpty { return try index(named: request) }
    let usable = candidates.indices.filter { candidates[$0].unusableReason == nil }
    guard let best = usable.max(by: { rank($0) < rank($1) }) else {
      let reasons = candidates.map { "\($0.info.name): \($0.unusableReason ?? "")" }
      throw DeviceError(
        "no usable OpenCL device: \(reasons.joined(separator: ", ")); "
          + "install another driver, or pocl for the CPU")
    }
    return best
  }

  private func index(named request: String) throws(DeviceError) -> Int {
    let matches = matches(request)
    let usable = matches.filter { candidates[$0].unusableReason == nil }
    if usable.count > 1 {
      throw DeviceError(
        "device '\(request)' is ambiguous: it may be \(list(usable)); "
          + "give an index or a longer part of the name")
    }
    if let index = usable.first { return index }
    if let index = matches.first {
      throw DeviceError(
        "device \(candidates[index].info.name) can't be used: "
          + "\(candidates[index].unusableReason ?? ""); choose another of \(list())")
    }
    throw DeviceError(
      "no device matches '\(request)'; choose one by its index or a part of its name: \(list())")
  }

  /// What the first of these rules that finds any finds: index, whole name, part of the device's
  /// name, part of the platform's name.
  private func matches(_ request: String) -> [Int] {
    // Larger numbers are parts of names, as in "RTX 4090".
    if let index = Int(request), index < 100 {
      return candidates.indices.contains(index) ? [index] : []
    }
    let request = request.lowercased()
    let rules: [(DeviceInfo) -> Bool] = [
      { $0.name.lowercased() == request },
      { $0.name.lowercased().contains(request) },
      { $0.platform.lowercased().contains(request) },
    ]
    for rule in rules {
      let found = candidates.indices.filter { rule(candidates[$0].info) }
      if !found.isEmpty { return found }
    }
    return []
  }

  private func rank(_ index: Int) -> (Int, Int) {
    let info = candidates[index].info
    return (info.kind == .gpu ? 2 : info.kind == .cpu ? 1 : 0, info.speedEstimate)
  }

  private func list(_ indices: [Int]? = nil) -> String {
    (indices ?? Array(candidates.indices)).map { "\($0) (\(candidates[$0].info.name))" }
      .joined(separator: ", ")
  }
}
