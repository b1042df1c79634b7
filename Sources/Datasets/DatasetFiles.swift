import Foundation

/// The files of one data set in one folder.
struct DatasetFiles {
  /// The files of one split.
  enum Split {
    case idx(images: URL, labels: URL)
    case cifar([URL], labelClasses: [Int])
    case svhn([URL])

    var urls: [URL] {
      switch self {
      case .idx(let images, let labels): [images, labels]
      case .cifar(let files, _), .svhn(let files): files
      }
    }
  }

  static let mnistSide = 28
  private static let largestNameFile = 1 << 16

  let name: DatasetName
  let folder: URL
  let train: Split
  let test: Split

  /// The files of `name` in `folder` or in the child the archives unpack to; synthetic data and
  /// image folders have none.
  init(_ name: DatasetName, in folder: URL) {
    let candidates =
      [folder] + Self.children(of: name).map { folder.appendingPathComponent($0) }
    let found = candidates.first { Self(name, exactlyIn: $0).anyExists }
    self.init(name, exactlyIn: found ?? folder)
  }

  private init(_ name: DatasetName, exactlyIn folder: URL) {
    self.name = name
    self.folder = folder
    switch name {
    case .fashionMNIST, .mnist:
      train = Self.idx("train", in: folder)
      test = Self.idx("t10k", in: folder)
    case .cifar10:
      train = .cifar(
        (1...5).map { folder.appendingPathComponent("data_batch_\($0).bin") },
        labelClasses: CIFAR.cifar10Labels)
      test = .cifar(
        [folder.appendingPathComponent("test_batch.bin")], labelClasses: CIFAR.cifar10Labels)
    case .cifar100:
      train = .cifar(
        [folder.appendingPathComponent("train.bin")], labelClasses: CIFAR.cifar100Labels)
      test = .cifar(
        [folder.appendingPathComponent("test.bin")], labelClasses: CIFAR.cifar100Labels)
    case .svhn:
      train = .svhn(["train", "extra"].map { folder.appendingPathComponent("\($0)_32x32.mat") })
      test = .svhn([folder.appendingPathComponent("test_32x32.mat")])
    case .synthetic, .imagenet, .folder:
      train = .cifar([], labelClasses: [])
      test = train
    }
  }

  var anyExists: Bool {
    if name.imageFileSize != nil { return ImageFolder.exists(in: folder) }
    return (train.urls + test.urls).contains { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// Loads one split; every file of it is checked.
  func load(_ split: Split) throws(DataError) -> LabeledImages {
    switch split {
    case .idx(let imageFile, let labelFile):
      let images = try readIDXImages(imageFile)
      let labels = try readIDXLabels(labelFile)
      let count = images.count / (Self.mnistSide * Self.mnistSide)
      guard labels.count == count else {
        throw .malformed(
          labelFile.path,
          "has \(labels.count) labels for the \(count) images of \(imageFile.lastPathComponent)")
      }
      return LabeledImages(
        height: Self.mnistSide, width: Self.mnistSide, channels: 1, images: images, labels: labels)
    case .cifar(let files, let labelClasses):
      var images: [UInt8] = []
      var labels: [Int32] = []
      var firstCount: Int?
      for file in files {
        let part = try CIFAR.records(file, labelClasses: labelClasses)
        if let firstCount, part.count != firstCount {
          throw .malformed(
            file.path,
            "has \(part.count) images, \(files[0].lastPathComponent) has \(firstCount)")
        }
        firstCount = part.count
        images += part.images
        labels += part.labels
      }
      return LabeledImages(
        height: CIFAR.side, width: CIFAR.side, channels: CIFAR.channels, images: images,
        labels: labels)
    case .svhn(let files):
      return try Self.joined(files)
    }
  }

  private static func joined(_ files: [URL]) throws(DataError) -> LabeledImages {
    var images: [UInt8] = []
    var labels: [Int32] = []
    for file in files {
      let part = try SVHN.images(file)
      images += part.images
      labels += part.labels
    }
    return LabeledImages(
      height: SVHN.side, width: SVHN.side, channels: SVHN.channels, images: images, labels: labels)
  }

  /// Reads one file of `split` by itself; returns how many images or labels it has.
  func count(in file: URL, of split: Split) throws(DataError) -> Int {
    switch split {
    case .idx(let imageFile, _) where file == imageFile:
      try readIDXImages(file).count / (Self.mnistSide * Self.mnistSide)
    case .idx:
      try readIDXLabels(file).count
    case .cifar(_, let labelClasses):
      try CIFAR.records(file, labelClasses: labelClasses).count
    case .svhn:
      try SVHN.images(file).count
    }
  }

  /// The names of the classes: from the text file beside the data where there is one.
  func classNames() throws(DataError) -> [String] {
    let usual = name.classNames ?? []
    let fileName: String? =
      switch name {
      case .fashionMNIST, .mnist, .svhn, .synthetic, .imagenet, .folder: nil
      case .cifar10: "batches.meta.txt"
      case .cifar100: "fine_label_names.txt"
      }
    guard let url = fileName.map({ folder.appendingPathComponent($0) }),
      FileManager.default.fileExists(atPath: url.path)
    else { return usual }
    let bytes = try InputFile(url).read(Self.largestNameFile)
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard lines.count == usual.count else {
      throw .malformed(url.path, "has \(lines.count) class names, expected \(usual.count)")
    }
    return lines.map(DataError.printable)
  }

  /// The mean of each channel of the training images, in bytes.
  static func mean(of name: DatasetName) -> [Float] {
    switch name {
    case .fashionMNIST: [72.9404]
    case .mnist: [33.3184]
    case .svhn: [111.609, 113.161, 120.565]
    case .imagenet, .folder: ImageFolder.mean
    case .cifar10, .cifar100, .synthetic: [125.3, 123.0, 113.9]
    }
  }

  /// The standard deviation of each channel of the training images, in bytes.
  static func standardDeviation(of name: DatasetName) -> [Float] {
    switch name {
    case .fashionMNIST: [90.0212]
    case .mnist: [78.5675]
    case .svhn: [50.498, 51.259, 50.244]
    case .imagenet, .folder: ImageFolder.standardDeviation
    case .cifar10, .cifar100, .synthetic: [63.0, 62.1, 66.7]
    }
  }

  private func readIDXImages(_ file: URL) throws(DataError) -> [UInt8] {
    try IDX.images(file, height: Self.mnistSide, width: Self.mnistSide)
  }

  private func readIDXLabels(_ file: URL) throws(DataError) -> [Int32] {
    try IDX.labels(file, classes: ClassNames.digits.count)
  }

  private static func children(of name: DatasetName) -> [String] {
    switch name {
    case .fashionMNIST: ["raw", "FashionMNIST/raw"]
    case .mnist: ["raw", "MNIST/raw"]
    case .cifar10: ["cifar-10-batches-bin"]
    case .cifar100: ["cifar-100-binary"]
    case .svhn, .synthetic, .imagenet, .folder: []
    }
  }

  private static func idx(_ stem: String, in folder: URL) -> Split {
    .idx(
      images: present(["\(stem)-images-idx3-ubyte", "\(stem)-images.idx3-ubyte"], in: folder),
      labels: present(["\(stem)-labels-idx1-ubyte", "\(stem)-labels.idx1-ubyte"], in: folder))
  }

  /// The first of `names`, as it is or with `.gz`, that is a file; else one that is a folder, which
  /// opening then reports; else the first name.
  private static func present(_ names: [String], in folder: URL) -> URL {
    let candidates = names.flatMap { [$0, $0 + ".gz"] }.map { folder.appendingPathComponent($0) }
    let existing = candidates.filter { FileManager.default.fileExists(atPath: $0.path) }
    return existing.first { !DatasetLocator.isFolder($0) } ?? existing.first ?? candidates[0]
  }
}
