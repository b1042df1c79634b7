extension SafeTensors {
  /// The longest header that is accepted, the format's own bound, in bytes.
  static let headerLimit: UInt64 = 100_000_000

  /// Reads a file and checks all of it before a tensor is read; of an index of several files, all
  /// of them.
  ///
  /// Throws with status 66 when there is no such file, 65 when its content is wrong.
  package init(contentsOf path: String) throws(TrainingError) {
    if path.hasSuffix(SafeTensors.indexEnding) {
      self = try SafeTensors(index: path)
      return
    }
    let file = try InputFile(path)
    try self.init(size: file.size, name: path) { count throws(TrainingError) in
      try file.read(count)
    }
  }

  /// The texts of a file, of which nothing but the header is read; throws as the initialiser.
  static func metadata(of path: String) throws(TrainingError) -> [String: String] {
    let file = try InputFile(path)
    return try header(size: file.size, name: path) { count throws(TrainingError) in
      try file.read(count)
    }.metadata
  }

  /// Reads a file that lies in memory; `name` stands for it in errors, which have status 65.
  package init(decoding bytes: [UInt8], name: String) throws(TrainingError) {
    var position = 0
    try self.init(size: bytes.count, name: name) { count throws(TrainingError) in
      position += count
      return Array(bytes[position - count..<position])
    }
  }

  private init(
    size: Int, name: String, next: (Int) throws(TrainingError) -> [UInt8]
  ) throws(TrainingError) {
    let header = try SafeTensors.header(size: size, name: name, next: next)
    var tensors: [String: Tensor] = [:]
    for entry in header.entries {
      tensors[entry.name] = Tensor(
        type: entry.type, shape: entry.shape, bytes: try next(entry.bytes.count))
    }
    self.init(metadata: header.metadata, tensors: tensors)
  }

  private static func header(
    size: Int, name: String, next: (Int) throws(TrainingError) -> [UInt8]
  ) throws(TrainingError) -> SafeTensorsHeader {
    guard size >= 8 else {
      throw .damaged(name, "expected at least 8 bytes, got \(size)")
    }
    let start = try next(8)
    if let format = ForeignFormat(of: start) { throw format.problem(name: name) }
    guard size == 8 || start.contains(where: { $0 != 0 }) else {
      throw .damaged(name, "it begins with zeros: it was not written to its end")
    }
    let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= SafeTensors.headerLimit else {
      throw .damaged(
        name,
        "the header claims \(length) bytes, more than the \(SafeTensors.headerLimit) allowed")
    }
    guard length <= size - 8 else {
      throw .damaged(name, "the header claims \(length) bytes, the file has \(size - 8) after it")
    }
    return try SafeTensorsHeader(
      json: next(Int(length)), dataSize: size - 8 - Int(length), file: name)
  }
}

extension TrainingError {
  /// An error with status 65 about a safetensors file.
  static func damaged(_ file: String, _ why: String) -> TrainingError {
    TrainingError(
      .badData, file, why: why,
      advice: "the file is damaged or of another kind, use another copy or checkpoint")
  }
}
