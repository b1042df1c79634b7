import Foundation

/// What a full reading of a data set found, file by file.
public struct DatasetCheck: Encodable, Sendable {
  /// What was found in one file.
  public struct File: Encodable, Sendable {
    /// The path of the file.
    public let path: String
    /// The bytes it takes on disk, where it can be opened.
    public let bytes: Int?
    /// The images or labels it holds, where it is intact.
    public let count: Int?
    /// What is wrong with it.
    public let problem: DataError?

    /// Whether the file is intact.
    public var ok: Bool { problem == nil }
  }

  /// The smallest and the largest images; each is a range from the least to the most.
  public struct ImageSizes: Encodable, Sendable, Equatable {
    /// Rows of an image.
    public var height: ClosedRange<Int>
    /// Columns of an image.
    public var width: ClosedRange<Int>
    /// Channels of an image, 1 for grey and 3 for colours.
    public var channels: ClosedRange<Int>
  }

  /// The name of the data set.
  public let name: String
  /// The folder that holds the files; nil for synthetic data.
  public let folder: String?
  /// Every file, in the order of reading.
  public internal(set) var files: [File]
  /// The first thing that is wrong, in one file or between several.
  public let problem: DataError?
  /// The name of each class, `[classes]`; empty where the set does not load.
  public internal(set) var classNames: [String] = []
  /// The sizes of the images; nil where there are none.
  public internal(set) var imageSizes: ImageSizes?
  /// The number of training images of each class, `[classes]`; empty where the set does not load.
  public internal(set) var trainHistogram: [Int] = []
  /// The number of test images of each class, `[classes]`; empty where the set does not load.
  public internal(set) var testHistogram: [Int] = []
  /// What lies there that a run does not use; nil for nothing.
  public internal(set) var unused: UnusedFiles?
  /// How the test images were chosen from the training images; nil where they are given.
  public internal(set) var heldOut: HeldOut?
  /// Where the set can be used but has other numbers of images than its authors published.
  public internal(set) var shortage: DataError?

  init(name: String, folder: String?, files: [File], problem: DataError?) {
    self.name = name
    self.folder = folder
    self.files = files
    self.problem = problem
  }

  /// Whether the data set can be trained on.
  public var ok: Bool { problem == nil }
  /// Whether it is all that was published.
  public var isComplete: Bool { problem == nil && shortage == nil }
}

extension Dataset {
  /// Checks the data set `name` where `locator` finds it; throws `missing` where it is not found.
  ///
  /// `explicit` is the folder the user gave; synthetic data has none and is generated.
  public static func check(
    _ name: DatasetName, from locator: DatasetLocator, explicit: String? = nil
  ) throws(DataError) -> DatasetCheck {
    if case .synthetic = name, explicit == nil {
      return check(name, at: URL(fileURLWithPath: "/"))
    }
    return check(name, at: try locator.locate(name, explicit: explicit))
  }

  /// Reads every file of `name` in `folder` and then the set as a whole; problems are in the
  /// result, nothing is thrown.
  public static func check(_ name: DatasetName, at folder: URL) -> DatasetCheck {
    if name.imageFileSize != nil { return ImageFolder.check(name, at: folder) }
    if case .npz = name { return checkFile(name, at: folder) }
    let layout = DatasetFiles(name, in: folder)
    let files = [layout.train, layout.test].flatMap { split in
      split.urls.map { layout.check($0, of: split) }
    }
    let path = name.isOnDisk ? layout.folder.path : nil
    guard files.allSatisfy(\.ok) else {
      return DatasetCheck(
        name: name.description, folder: path, files: files,
        problem: files.compactMap(\.problem).first)
    }
    return check(name, at: folder, layout.folder, files: files, path: path)
  }

  /// Of a data set in one file.
  private static func checkFile(_ name: DatasetName, at file: URL) -> DatasetCheck {
    let size = try? InputFile(file).size
    let path = file.deletingLastPathComponent()
    var check = check(name, at: file, path, files: [], path: path.path)
    let images = (check.trainHistogram + check.testHistogram).reduce(0, +)
    check.files = [
      DatasetCheck.File(
        path: file.path, bytes: size, count: check.ok ? images : nil, problem: check.problem)
    ]
    return check
  }

  /// Loads the set as a whole.
  private static func check(
    _ name: DatasetName, at place: URL, _ folder: URL, files: [DatasetCheck.File], path: String?
  ) -> DatasetCheck {
    let dataset: Dataset
    do throws(DataError) {
      dataset = try load(name, at: place)
    } catch {
      return DatasetCheck(name: name.description, folder: path, files: files, problem: error)
    }
    let train = dataset.train
    var check = DatasetCheck(name: name.description, folder: path, files: files, problem: nil)
    check.classNames = dataset.classNames
    check.imageSizes = DatasetCheck.ImageSizes(
      height: train.height...train.height, width: train.width...train.width,
      channels: train.channels...train.channels)
    check.trainHistogram = train.histogram(classes: dataset.classes)
    check.testHistogram = dataset.test.histogram(classes: dataset.classes)
    check.unused = dataset.unused
    check.shortage = name.shortage(
      in: folder, train: train.count, test: dataset.test.count, classes: dataset.classes)
    return check
  }
}

extension DatasetFiles {
  fileprivate func check(_ file: URL, of split: Split) -> DatasetCheck.File {
    var bytes: Int?
    do {
      bytes = try InputFile(file).size
      let count = try count(in: file, of: split)
      return DatasetCheck.File(path: file.path, bytes: bytes, count: count, problem: nil)
    } catch {
      return DatasetCheck.File(path: file.path, bytes: bytes, count: nil, problem: error)
    }
  }
}

extension DatasetName {
  /// The number of images that were published; nil for sets of the user's own.
  var published: (train: Int, test: Int)? {
    switch self {
    case .fashionMNIST, .mnist: (60_000, 10_000)
    case .cifar10, .cifar100: (50_000, 10_000)
    case .svhn: (604_388, 26_032)
    case .imagenet: (1_281_167, 50_000)
    case .kmnist: (60_000, 10_000)
    case .qmnist: (60_000, 60_000)
    case .emnist(let split): split.published
    case .folder, .npz, .synthetic: nil
    }
  }

  /// How a set differs from the published one; nil where it does not, or where there is none.
  func shortage(in folder: URL, train: Int, test: Int, classes: Int) -> DataError? {
    guard let published else { return nil }
    let classesExpected = format?.classes ?? classes
    let numbers = [
      ("training images", train, published.train), ("test images", test, published.test),
      ("classes", classes, classesExpected),
    ]
    guard let wrong = numbers.first(where: { $0.1 != $0.2 }) else { return nil }
    return .malformed(
      folder.path, "\(wrong.1) \(wrong.0), \(self) has \(wrong.2)")
  }

  /// The data set whose files lie in `folder`, known by their names; throws `missing` where there
  /// are none.
  ///
  /// MNIST and Fashion-MNIST have files of the same names: the folder's own decides.
  public init(foundIn folder: URL) throws(DataError) {
    let place = FilePath(folder)
    guard place.isFolder else {
      throw DataError(
        .missing, what: folder.path, why: place.status == nil ? "no such folder" : "not a folder",
        whatToDo: "name a folder with the files of a data set, or a folder of images for each class"
      )
    }
    let known = Self.onDisk + [.folder(size: Self.usualFolderSize)]
    let found = known.filter { DatasetFiles($0, in: folder).anyExists }
    let path = folder.standardizedFileURL.path
    // "fashion-mnist" has "mnist" in it.
    let named = found.filter { $0.folderName.map(path.contains) == true }
      .max { $0.description.utf8.count < $1.description.utf8.count }
    guard let name = named ?? found.first else {
      throw DataError(
        .missing, what: folder.path, why: "holds no file of a known data set",
        whatToDo: "name a folder with the files of one, or with a folder of images for each class")
    }
    // Any folder of classes, not ImageNet alone.
    self = named == nil && name.imageFileSize != nil ? .folder(size: Self.usualFolderSize) : name
  }
}
