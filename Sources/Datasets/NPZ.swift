import Foundation

/// A data set in one file of numpy's: a zip archive with an array of images and one of labels for
/// each split.
package enum NPZ {
  /// The names of the four arrays.
  private struct Names {
    let train: (images: String, labels: String)
    let test: (images: String, labels: String)

    var all: [String] { [train.images, train.labels, test.images, test.labels] }

    /// Keras has these, MedMNIST the others.
    static let known = [
      Names(train: ("x_train", "y_train"), test: ("x_test", "y_test")),
      Names(train: ("train_images", "train_labels"), test: ("test_images", "test_labels")),
    ]
  }

  private static let mostClasses = 100_000

  /// Reads the images, `[N, H, W]` or `[N, H, W, C]` bytes with C 1 or 3, and their labels, `[N]` or
  /// `[N, 1]` whole numbers from 0; N is at least 1.
  ///
  /// Other arrays are left out, and `unused` names them.
  package static func dataset(_ name: DatasetName, file url: URL) throws(DataError) -> Dataset {
    let file = try InputFile(url)
    guard file.starts(with: [0x50, 0x4B, 3, 4]) else {
      throw .malformed(url.path, "no zip archive, which a .npz file is")
    }
    var arrays: [String: NumpyArray] = [:]
    var unused = UnusedFiles()
    let known = Set(Names.known.flatMap(\.all))
    try ZipArchive.forEachFile(in: url) { (entry, reader) throws(DataError) in
      let name = entry.hasSuffix(".npy") ? String(entry.dropLast(4)) : ""
      guard known.contains(name), arrays[name] == nil else {
        return unused.add(part: DataError.printable(entry))
      }
      arrays[name] = try NumpyArray(reader, name: name, fileSize: file.size)
    }
    guard let names = Names.known.first(where: { $0.all.contains { arrays[$0] != nil } }) else {
      throw .malformed(
        url.path,
        "has none of the arrays " + Names.known[0].all.joined(separator: ", ") + " (Keras) or "
          + Names.known[1].all.joined(separator: ", ") + " (MedMNIST)")
    }
    for name in arrays.keys.sorted() where !names.all.contains(name) { unused.add(part: name) }
    func split(_ names: (images: String, labels: String)) throws(DataError) -> LabeledImages {
      guard let images = arrays[names.images], let labels = arrays[names.labels] else {
        let missing = arrays[names.images] == nil ? names.images : names.labels
        throw .malformed(url.path, "has no array \(missing)")
      }
      return try self.split(images, labels, in: url)
    }
    let train = try split(names.train)
    let test = try split(names.test)
    guard train.height == test.height, train.width == test.width, train.channels == test.channels
    else {
      throw .malformed(
        url.path, "\(names.train.images) and \(names.test.images) have images of other sizes")
    }
    let classes = Int((train.labels + test.labels).max() ?? 0) + 1
    var dataset = Dataset(
      name: name.description, classNames: ClassNames.numbered(classes), train: train, test: test,
      normalization: nil)
    dataset.unused = unused.isEmpty ? nil : unused
    return dataset
  }

  private static func split(
    _ images: NumpyArray, _ labels: NumpyArray, in url: URL
  ) throws(DataError) -> LabeledImages {
    let shape = images.shape
    guard images.type == .byte, shape.count == 3 || shape.count == 4 && [1, 3].contains(shape[3]),
      shape.allSatisfy({ $0 > 0 })
    else {
      throw .malformed(
        url.path,
        "\(images.name) is \(images.description), expected [N, H, W], [N, H, W, 1] or "
          + "[N, H, W, 3] of uint8")
    }
    guard labels.type.isInteger, labels.shape == [shape[0]] || labels.shape == [shape[0], 1] else {
      throw .malformed(
        url.path,
        "\(labels.name) is \(labels.description), expected [\(shape[0])] or [\(shape[0]), 1] whole "
          + "numbers for the images of \(images.name)")
    }
    let numbers = labels.integers
    if let index = numbers.firstIndex(where: { !(0..<Int64(mostClasses)).contains($0) }) {
      throw .malformed(
        url.path,
        "label \(index) of \(labels.name) is \(numbers[index]), classes are counted from 0")
    }
    return LabeledImages(
      height: shape[1], width: shape[2], channels: shape.count == 4 ? shape[3] : 1,
      images: images.bytes, labels: numbers.map { Int32($0) })
  }
}
