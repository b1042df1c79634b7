/// The table of contents of a safetensors file, checked against the size of the file.
struct SafeTensorsHeader {
  /// One tensor of the file.
  struct Entry {
    let name: String
    let type: SafeTensors.ElementType
    let shape: [Int]
    /// Where the elements lie, counted from the end of the header.
    let bytes: Range<Int>
  }

  private(set) var metadata: [String: String] = [:]
  /// In the order of their bytes, which they cover without a gap.
  private(set) var entries: [Entry] = []

  /// `dataSize` is the number of bytes behind the header; throws with status 65.
  init(json: [UInt8], dataSize: Int, file: String) throws(TrainingError) {
    do {
      var scanner = JSONScanner(json)
      try parse(&scanner, dataSize: dataSize)
      try orderEntries(dataSize: dataSize)
    } catch { throw .damaged(file, error.reason) }
  }

  private mutating func parse(
    _ scanner: inout JSONScanner, dataSize: Int
  ) throws(JSONScanner.Failure) {
    var names: Set<String> = []
    try scanner.expect("{")
    while let name = try scanner.nextKey(isFirst: names.isEmpty) {
      guard names.insert(name).inserted else {
        throw .init(reason: "tensor \"\(name.harmless(limit: 200))\": the name appears twice")
      }
      if name == "__metadata__" {
        metadata = try parseMetadata(&scanner)
      } else {
        do { entries.append(try parseEntry(&scanner, name: name, dataSize: dataSize)) } catch {
          throw .init(reason: "tensor \"\(name.harmless(limit: 200))\": \(error.reason)")
        }
      }
    }
    try scanner.expectEnd()
  }

  private func parseMetadata(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.Failure) -> [String: String] {
    var texts: [String: String] = [:]
    try scanner.expect("{")
    while let key = try scanner.nextKey(isFirst: texts.isEmpty) {
      let value = try scanner.string()
      guard texts.updateValue(value, forKey: key) == nil else {
        throw .init(reason: "metadata \"\(key.harmless(limit: 200))\" appears twice")
      }
    }
    return texts
  }

  private func parseEntry(
    _ scanner: inout JSONScanner, name: String, dataSize: Int
  ) throws(JSONScanner.Failure) -> Entry {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    var keys: Set<String> = []
    try scanner.expect("{")
    while let key = try scanner.nextKey(isFirst: keys.isEmpty) {
      guard keys.insert(key).inserted else { throw .init(reason: "two values of \(key)") }
      switch key {
      case "dtype": typeName = try scanner.string()
      case "shape": shape = try scanner.integers()
      case "data_offsets": offsets = try scanner.integers()
      default:
        throw .init(
          reason: "expected dtype, shape or data_offsets, got \"\(key.harmless(limit: 200))\"")
      }
    }
    guard let typeName, let shape, let offsets else {
      throw .init(reason: "expected dtype, shape and data_offsets, got only some of them")
    }
    guard let type = SafeTensors.ElementType(rawValue: typeName) else {
      let known = SafeTensors.ElementType.allCases.map(\.rawValue).joined(separator: " ")
      throw .init(reason: "expected a dtype of \(known), got \"\(typeName.harmless(limit: 200))\"")
    }
    guard offsets.count == 2 else {
      throw .init(reason: "expected two data_offsets, got \(offsets.count)")
    }
    guard offsets[0] <= offsets[1], offsets[1] <= dataSize else {
      throw .init(
        reason: "expected data_offsets in order within 0 to \(dataSize), got \(offsets)"
          + (offsets[0] <= offsets[1] ? ": the file may not have been written to its end" : ""))
    }
    var size = type.size
    for extent in shape {
      let (product, overflows) = size.multipliedReportingOverflow(by: extent)
      if overflows { throw .init(reason: "the shape has too many elements") }
      size = product
    }
    guard offsets[1] - offsets[0] == size else {
      throw .init(reason: "expected \(size) bytes, got \(offsets[1] - offsets[0])")
    }
    return Entry(name: name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
  }

  private mutating func orderEntries(dataSize: Int) throws(JSONScanner.Failure) {
    entries.sort {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    var end = 0
    for entry in entries {
      let start = entry.bytes.lowerBound
      if start != end {
        let problem = start < end ? "overlaps the tensor before it" : "leaves a hole before it"
        throw .init(
          reason: "tensor \"\(entry.name.harmless(limit: 200))\": \(problem), "
            + "expected its bytes at \(end), got \(start)")
      }
      end = entry.bytes.upperBound
    }
    guard end == dataSize else {
      throw .init(reason: "expected \(end) bytes of tensors, got \(dataSize)")
    }
  }
}
