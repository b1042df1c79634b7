import Foundation

/// A folder of image files as a data set: `train/CLASS/*` and `val/CLASS/*` or `test/CLASS/*`, or
/// `CLASS/*` alone, of which a part is held out for testing.
///
/// Files are images by the ending of their names (`imageEndings`), in folders below a class's, too.
/// The classes are the folders' names in NFC, sorted by their bytes.
package struct ImageFolder {
  /// The mean and deviation of ImageNet's channels, in bytes.
  static let mean: [Float] = [123.675, 116.28, 103.53]
  static let standardDeviation: [Float] = [58.395, 57.12, 57.375]

  /// The endings of files that are read, in any case.
  static let imageEndings: Set<String> = [
    ".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp",
  ]
  private static let testFolders = ["val", "test"]

  let folder: FilePath
  /// The name of each class, safe to print.
  let classNames: [String]
  let train: ImageFiles
  let test: ImageFiles
  /// How the test images were chosen; nil where they have a folder of their own.
  let heldOut: HeldOut?
  let unused: UnusedFiles

  /// Whether `folder` may have images to train on; without `train` only where `isPlain` is allowed.
  static func exists(in folder: URL, isPlain: Bool) -> Bool {
    let folder = FilePath(folder)
    if folder.appending("train").isFolder { return true }
    let entries = try? FolderListing.entries(of: folder)
    return isPlain && entries?.contains { $0.kind == .folder } == true
  }

  /// Lists the files in `url`; none is opened.
  ///
  /// Without `heldOut`, a folder must have images to test with. Throws `missing` where a folder is
  /// not there, `malformed` for a class without images or one that is only tested; all that is wrong
  /// is told in one error.
  init(_ url: URL, heldOut: HeldOut?) throws(DataError) {
    let folder = FilePath(url)
    let layout = try Layout(folder, mayHoldOut: heldOut != nil)
    var problems: [DataError] = []
    let ancestors = FolderListing.ancestors(of: folder)
    let trained = try ClassFolders(in: layout.train, above: ancestors, &problems)
    let tested = try layout.test.map { folder throws(DataError) in
      try ClassFolders(in: folder, above: ancestors, &problems)
    }
    let classes = trained.folders
    if classes.isEmpty {
      problems.append(Self.noClass(layout.train, beside: trained.unused))
    }
    if let tested, let root = layout.test {
      if tested.folders.isEmpty { problems.append(Self.noClass(root, beside: tested.unused)) }
      for unknown in Set(tested.folders.keys).subtracting(classes.keys).sorted() {
        problems.append(
          Self.wrong(
            root.appending(tested.folders[unknown]?.name ?? []), "no class of \(layout.train)",
            "remove it, or add images of the class to train on"))
      }
    } else {
      for (_, folder) in classes.sorted(by: { $0.key < $1.key }) where folder.images.count == 1 {
        problems.append(
          Self.wrong(
            layout.train.appending(folder.name),
            "a class of one image, of which none can be tested",
            "add images of the class, or make a folder val/CLASS to test with"))
      }
    }
    if let problem = Self.joined(problems, in: folder) { throw problem }

    let names = classes.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var isTested: [String: Set<Int>] = [:]
    if let heldOut, layout.test == nil {
      for (name, folder) in classes {
        isTested[name] = heldOut.chosen(from: folder.images, of: name)
      }
    }
    self.folder = folder
    self.heldOut = layout.test == nil ? heldOut : nil
    classNames = names.map(DataError.printable)
    train = try Self.files(in: layout.train, names, trained) { name, index in
      isTested[name]?.contains(index) != true
    }
    test = try Self.files(in: layout.test ?? layout.train, names, tested ?? trained) {
      name, index in layout.test != nil || isTested[name]?.contains(index) == true
    }
    var unused = trained.unused
    if let tested { unused.add(tested.unused) }
    unused.add(layout.unused)
    self.unused = unused
  }

  /// Where the splits' classes lie.
  private struct Layout {
    let train: FilePath
    /// Nil where a part is held out.
    let test: FilePath?
    /// What lies beside the folders of the splits.
    var unused = UnusedFiles()

    init(_ folder: FilePath, mayHoldOut: Bool) throws(DataError) {
      let train = folder.appending("train")
      let entries = try ImageFolder.entries(of: mayHoldOut ? folder : train)
      guard train.isFolder else {
        if !mayHoldOut || !entries.contains(where: { $0.kind == .folder }) {
          throw ImageFolder.wrong(
            folder, "no folder of a class" + ImageFolder.lying(entries.count),
            "make a folder for each class in it and put the images into them")
        }
        (self.train, test) = (folder, nil)
        return
      }
      self.train = train
      let candidates = testFolders.map { folder.appending($0) }
      let test = candidates.first(where: \.isFolder)
      if test == nil && !mayHoldOut { _ = try ImageFolder.entries(of: candidates[0]) }
      self.test = test
      for entry in try ImageFolder.entries(of: folder) {
        let name = FilePath.text(entry.name)
        if entry.kind == .file {
          unused.add(file: entry.name)
        } else if name != "train" && name != test?.lastComponent {
          unused.add(part: "folder \(name)")
        }
      }
    }
  }

  private static func files(
    in root: FilePath, _ classes: [String], _ found: ClassFolders,
    where isTaken: (String, Int) -> Bool
  ) throws(DataError) -> ImageFiles {
    var names: [[UInt8]] = []
    var labels: [Int32] = []
    for (label, name) in classes.enumerated() {
      for (index, image) in (found.folders[name]?.images ?? []).enumerated()
      where isTaken(name, index) {
        names.append(image)
        labels.append(Int32(label))
      }
    }
    guard UInt32(exactly: names.count) != nil else {
      throw wrong(root, "more images than 32 bits can number", "use fewer")
    }
    return ImageFiles(
      root: root, classFolders: classes.map { found.folders[$0]?.name ?? [] }, names: names,
      labels: labels)
  }

  /// The data set of images that become `size` x `size` as they are needed.
  func dataset(name: DatasetName, size: Int) -> Dataset {
    var dataset = Dataset(
      name: name.description, classNames: classNames,
      train: LabeledImages(files: train, size: size),
      test: LabeledImages(files: test, size: size), mean: Self.mean,
      standardDeviation: Self.standardDeviation)
    dataset.unused = unused.isEmpty ? nil : unused
    dataset.heldOut = heldOut
    return dataset
  }

  private static func entries(of folder: FilePath) throws(DataError) -> [FolderListing.Entry] {
    guard folder.isFolder else {
      throw DataError(
        .missing, what: folder.description,
        why: folder.status == nil ? "no such folder" : "not a folder",
        whatToDo: "name a folder that has a folder of images for each class")
    }
    return try FolderListing.entries(of: folder)
  }

  private static func lying(_ count: Int) -> String {
    count == 0 ? "" : ", but \(count) file\(count == 1 ? "" : "s") beside each other"
  }

  private static func noClass(_ folder: FilePath, beside unused: UnusedFiles) -> DataError {
    wrong(
      folder, "no folder of a class" + lying(unused.files),
      "make a folder for each class in it and put the images into them")
  }

  static func wrong(_ place: FilePath, _ why: String, _ whatToDo: String) -> DataError {
    DataError(.malformed, what: place.description, why: why, whatToDo: whatToDo)
  }

  /// All problems as one; nil where there are none.
  private static func joined(_ problems: [DataError], in folder: FilePath) -> DataError? {
    guard let first = problems.first, problems.count > 1 else { return problems.first }
    return DataError(
      first.category, what: folder.description,
      why: "\(problems.count) things are wrong: " + DataError.listed(problems),
      whatToDo: "of the first: " + first.whatToDo)
  }
}
