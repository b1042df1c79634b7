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

  /// The name of the data set.
  public let name: String
  /// The folder that holds the files; nil for synthetic data.
  public let folder: String?
  /// Every file, in the order of reading.
  public let files: [File]
  /// The number of training images of each class, `[classes]`; empty where the set does not load.
  public let trainHistogram: [Int]
  /// The number of test images of each class, `[classes]`; empty where the set does not load.
  public let testHistogram: [Int]
  /// The first thing that is wrong, in one file or between several.
  public let problem: DataError?

  /// Whether the data set can be trained on.
  public var ok: Bool { problem == nil }
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
    let layout = DatasetFiles(name, in: folder)
    let files = [layout.train, layout.test].flatMap { split in
      split.urls.map { layout.check($0, of: split) }
    }
    let problem = files.compactMap(\.problem).first
    let loaded: Result<Dataset, DataError> =
      if let problem {
        .failure(problem)
      } else {
        Result { () throws(DataError) in try load(name, at: folder) }
      }
    let path = name.isOnDisk ? layout.folder.path : nil
    switch loaded {
    case .success(let dataset):
      return DatasetCheck(
        name: name.description, folder: path, files: files,
        trainHistogram: dataset.train.histogram(classes: dataset.classes),
        testHistogram: dataset.test.histogram(classes: dataset.classes), problem: nil)
    case .failure(let problem):
      return DatasetCheck(
        name: name.description, folder: path, files: files, trainHistogram: [], testHistogram: [],
        problem: problem)
    }
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
