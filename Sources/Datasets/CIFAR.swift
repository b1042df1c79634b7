import Foundation

/// The binary format of CIFAR: records of one or two label bytes and 3 planes of 32 x 32 bytes.
package enum CIFAR {
  static let channels = 3
  static let side = 32

  /// The label bytes before the planes of a record: how many classes each tells, the last is used.
  package static let cifar10Labels = [10]
  package static let cifar100Labels = [20, 100]

  /// Reads the records of one file as images `[N, 32, 32, 3]`; N is at least 1.
  package static func records(_ url: URL, labelClasses: [Int]) throws(DataError) -> LabeledImages {
    let plane = side * side
    let record = labelClasses.count + channels * plane
    let file = try InputFile(url)
    guard file.size > 0, file.size % record == 0 else {
      throw .malformed(
        url.path,
        "cut short or too long: \(file.size) bytes are no whole number of records of \(record)")
    }
    let count = file.size / record
    guard LabeledImages.byteCount(of: count, side, side, channels) != nil else {
      throw .malformed(url.path, "larger than this machine's memory")
    }
    let bytes = try file.read(file.size)
    guard bytes.count == file.size else {
      throw .malformed(url.path, "cut short while it was read")
    }
    for index in 0..<count {
      for (position, classes) in labelClasses.enumerated() {
        let label = bytes[index * record + position]
        guard label < classes else {
          throw .malformed(
            url.path, "label \(index) is \(label), the classes are 0...\(classes - 1)")
        }
      }
    }
    return LabeledImages(
      height: side, width: side, channels: channels,
      images: interleaved(bytes, count: count, record: record, skipping: labelClasses.count),
      labels: (0..<count).map { Int32(bytes[$0 * record + labelClasses.count - 1]) })
  }

  /// Turns the planes `[N, 3, 32, 32]` inside the records into `[N, 32, 32, 3]`.
  private static func interleaved(
    _ bytes: [UInt8], count: Int, record: Int, skipping skipped: Int
  ) -> [UInt8] {
    let plane = side * side
    return [UInt8](unsafeUninitializedCapacity: count * channels * plane) { images, filled in
      bytes.withUnsafeBufferPointer { bytes in
        for index in 0..<count {
          let source = index * record + skipped
          let target = index * channels * plane
          for pixel in 0..<plane {
            for channel in 0..<channels {
              images[target + pixel * channels + channel] = bytes[source + channel * plane + pixel]
            }
          }
        }
      }
      filled = count * channels * plane
    }
  }
}

extension DatasetName {
  /// A file in `folder`, or in a folder below it, of the pickled version of CIFAR; nil where there is
  /// none, or for another data set.
  func pythonVersion(in folder: URL) -> URL? {
    let stem: String
    let files: [String]
    switch self {
    case .cifar10: (stem, files) = ("cifar-10", ["data_batch_1", "test_batch"])
    case .cifar100: (stem, files) = ("cifar-100", ["train", "test"])
    default: return nil
    }
    let unpacked = self == .cifar10 ? "\(stem)-batches-py" : "\(stem)-python"
    let names = (files + files.map { "\(unpacked)/\($0)" }) + ["\(stem)-python.tar.gz"]
    return names.map { folder.appendingPathComponent($0) }
      .first { (try? InputFile($0)) != nil }
  }
}
