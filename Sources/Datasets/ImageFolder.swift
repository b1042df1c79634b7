import Foundation

/// A folder of image files as a data set: `train/CLASS/*` and `val/CLASS/*` or `test/CLASS/*`.
///
/// Files that end in .jpg, .jpeg or .png are images. The classes are the folders in `train`, sorted
/// by the bytes of their names.
package struct ImageFolder {
  /// The mean and deviation of ImageNet's channels, in bytes.
  static let mean: [Float] = [123.675, 116.28, 103.53]
  static let standardDeviation: [Float] = [58.395, 57.12, 57.375]

  private static let endings: Set<String> = ["jpg", "jpeg", "png"]
  private static let testFolders = ["val", "test"]

  /// The files of a split, and what else lies in its folders.
  struct Split {
    var files: ImageFiles
    /// Files without an image's ending.
    var others: [URL] = []
  }

  let folder: URL
  let train: Split
  let test: Split
  /// The name of each class, safe to print.
  var classNames: [String] { train.files.classFolders.map(DataError.printable) }

  /// Whether `folder` has images to train on.
  static func exists(in folder: URL) -> Bool {
    DatasetLocator.isFolder(folder.appendingPathComponent("train"))
  }

  /// Lists the files in `folder`; none is opened.
  ///
  /// Throws `missing` where a folder is not there, `malformed` for a class without images or one
  /// that is only tested.
  init(_ folder: URL) throws(DataError) {
    self.folder = folder
    let trainFolder = folder.appendingPathComponent("train")
    let candidates = Self.testFolders.map { folder.appendingPathComponent($0) }
    let testFolder = candidates.first(where: DatasetLocator.isFolder) ?? candidates[0]
    let classes = try Self.classFolders(in: trainFolder)
    guard !classes.isEmpty else {
      throw Self.wrong(trainFolder, "no folder of a class", "make a folder for each class in it")
    }
    let tested = try Self.classFolders(in: testFolder)
    let known = Set(classes)
    if let unknown = tested.first(where: { !known.contains($0) }) {
      throw Self.wrong(
        testFolder.appendingPathComponent(unknown), "no class of \(trainFolder.path)",
        "remove it, or add images of the class to train on")
    }
    train = try Self.split(trainFolder, classes: classes, present: known)
    test = try Self.split(testFolder, classes: classes, present: Set(tested))
    guard !test.files.names.isEmpty else {
      throw Self.wrong(testFolder, "no folder of a class", "make a folder for each class in it")
    }
  }

  /// The data set of images that become `size` x `size` as they are needed.
  func dataset(name: DatasetName, size: Int) -> Dataset {
    Dataset(
      name: name.description, classNames: classNames,
      train: LabeledImages(files: train.files, size: size),
      test: LabeledImages(files: test.files, size: size), mean: Self.mean,
      standardDeviation: Self.standardDeviation)
  }

  private static func split(
    _ root: URL, classes: [String], present: Set<String>
  ) throws(DataError) -> Split {
    var names: [String] = []
    var labels: [Int32] = []
    var others: [URL] = []
    for (label, name) in classes.enumerated() where present.contains(name) {
      let folder = root.appendingPathComponent(name)
      var images: [String] = []
      for file in try contents(of: folder) {
        if endings.contains((file as NSString).pathExtension.lowercased()) {
          images.append(file)
        } else {
          others.append(folder.appendingPathComponent(file))
        }
      }
      guard !images.isEmpty else {
        throw wrong(
          folder, "a class without images (.jpg, .jpeg or .png)",
          "add images of the class or remove the folder")
      }
      names += images
      labels += [Int32](repeating: Int32(label), count: images.count)
    }
    guard UInt32(exactly: names.count) != nil else {
      throw wrong(root, "more images than 32 bits can number", "use fewer")
    }
    return Split(
      files: ImageFiles(root: root, classFolders: classes, names: names, labels: labels),
      others: others)
  }

  private static func classFolders(in folder: URL) throws(DataError) -> [String] {
    try contents(of: folder).filter {
      DatasetLocator.isFolder(folder.appendingPathComponent($0))
    }
  }

  /// The names in `folder` that are not hidden, sorted by their bytes.
  private static func contents(of folder: URL) throws(DataError) -> [String] {
    guard DatasetLocator.isFolder(folder) else {
      throw DataError(
        .missing, what: folder.path,
        why: FileManager.default.fileExists(atPath: folder.path)
          ? "not a folder" : "no such folder",
        whatToDo: "name a folder with train/CLASS and val/CLASS in it with --data-path")
    }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { !$0.hasPrefix(".") }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw DataError(
        .missing, what: folder.path, why: "cannot be read",
        whatToDo: "make the folder readable or choose another with --data-path")
    }
  }

  private static func wrong(_ place: URL, _ why: String, _ whatToDo: String) -> DataError {
    DataError(.malformed, what: place.path, why: why, whatToDo: whatToDo)
  }
}
