import Foundation

/// A data set in memory or as image files: two splits, the names of the classes and what normalises the images.
public struct Dataset: Sendable {
  /// The name it is asked for by, such as `cifar10`.
  public let name: String
  /// Whether it is a folder of the user's own images.
  package var isFolder: Bool {
    (try? DatasetName(parsing: name))?.isFolder ?? false
  }
  /// The name of each class, `[classes]`.
  public internal(set) var classNames: [String]
  /// The images to train on.
  public internal(set) var train: LabeledImages
  /// The images to test with, of the same size.
  public internal(set) var test: LabeledImages
  /// The mean of each channel, `[C]`, in bytes 0...255.
  public let mean: [Float]
  /// The standard deviation of each channel, `[C]`, in bytes 0...255; positive.
  public let standardDeviation: [Float]
  /// What lies beside the images and is not used; nil for nothing.
  public internal(set) var unused: UnusedFiles?
  /// How the test images were chosen from the training images; nil where they are given.
  public internal(set) var heldOut: HeldOut?

  /// Number of classes.
  public var classes: Int { classNames.count }

  /// A data set of your own; traps when sizes, labels or channels do not fit together.
  public init(
    name: String, classNames: [String], train: LabeledImages, test: LabeledImages, mean: [Float],
    standardDeviation: [Float]
  ) {
    precondition(
      train.height == test.height && train.width == test.width && train.channels == test.channels,
      "both splits must have images of one size")
    precondition(
      mean.count == train.channels && standardDeviation.count == train.channels,
      "mean and standardDeviation must be [channels]")
    precondition(
      standardDeviation.allSatisfy { $0 > 0 }, "a standard deviation must be positive")
    precondition(
      (train.labels + test.labels).allSatisfy { $0 >= 0 && $0 < classNames.count },
      "a label must be below the number of classes")
    self.name = name
    self.classNames = classNames
    self.train = train
    self.test = test
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// The data set with the first `n` images of each split, or all where there are fewer.
  public func prefix(_ n: Int) -> Dataset {
    var first = self
    first.train = train.prefix(n)
    first.test = test.prefix(n)
    return first
  }

  /// A text that changes when image files come, go or get another name or size; nil for images in
  /// memory.
  public var filesDigest: String? {
    guard let train = train.files, let test = test.files else { return nil }
    return String(train.digest, radix: 16) + "-" + String(test.digest, radix: 16)
  }

  /// The data set whose image files are turned upright or not; images in memory stay as they are.
  public func handling(_ orientation: OrientationHandling) -> Dataset {
    var result = self
    result.train.files?.orientation = orientation
    result.test.files?.orientation = orientation
    return result
  }

  /// Loads the data set `name` from where `locator` finds it; throws `missing` or `malformed`.
  ///
  /// `explicit` is the folder the user gave; synthetic data has none and is generated. `heldOut` is
  /// for folders without images to test with.
  public static func load(
    _ name: DatasetName, from locator: DatasetLocator, explicit: String? = nil,
    heldOut: HeldOut = .usual
  ) throws(DataError) -> Dataset {
    if case .synthetic(let size) = name, explicit == nil {
      return try synthetic(size)
    }
    return try load(name, at: try locator.locate(name, explicit: explicit), heldOut: heldOut)
  }

  /// Loads the data set `name` from the files in `folder`; throws `missing` or `malformed`.
  ///
  /// Synthetic data is generated whatever the folder; a data set in one file is there instead of
  /// the folder.
  public static func load(
    _ name: DatasetName, at folder: URL, heldOut: HeldOut = .usual
  ) throws(DataError) -> Dataset {
    if case .synthetic(let size) = name {
      return try synthetic(size)
    }
    if let size = name.imageFileSize {
      return try ImageFolder(folder, heldOut: name.mayHoldOut ? heldOut : nil)
        .dataset(name: name, size: size)
    }
    if case .npz = name { return try NPZ.dataset(name, file: folder) }
    let files = DatasetFiles(name, in: folder)
    let train = try files.load(files.train)
    let test = try files.load(files.test)
    return Dataset(
      name: name.description, classNames: try files.classNames(), train: train, test: test,
      normalization: name.normalization)
  }

  /// A data set normalised by what is known of it, or by its training images.
  init(
    name: String, classNames: [String], train: LabeledImages, test: LabeledImages,
    normalization: (mean: [Float], standardDeviation: [Float])?
  ) {
    let (mean, deviation) = normalization ?? train.channelStatistics()
    self.init(
      name: name, classNames: classNames, train: train, test: test, mean: mean,
      standardDeviation: deviation.map { max($0, 1) })
  }
}
