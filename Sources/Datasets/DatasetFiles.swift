import Foundation

/// The files of one data set in one folder.
struct DatasetFiles {
  /// The files of one split.
  enum Split {
    case idx(images: URL, labels: URL, IDX.Contents)
    case cifar([URL], labelClasses: [Int])
    case svhn([URL])

    var urls: [URL] {
      switch self {
      case .idx(let images, let labels, _): [images, labels]
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
    case .fashionMNIST, .mnist, .kmnist:
      train = Self.idx("train", in: folder)
      test = Self.idx("t10k", in: folder)
    case .qmnist:
      train = Self.idx("qmnist-train", in: folder, IDX.Contents(labels: .qmnist))
      test = Self.idx("qmnist-test", in: folder, IDX.Contents(labels: .qmnist))
    case .emnist(let split):
      train = Self.idx("\(name)-train", in: folder, split.contents)
      test = Self.idx("\(name)-test", in: folder, split.contents)
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
    case .synthetic, .imagenet, .folder, .npz:
      train = .cifar([], labelClasses: [])
      test = train
    }
  }

  var anyExists: Bool {
    if name.imageFileSize != nil {
      return ImageFolder.exists(in: folder, isPlain: name.mayHoldOut)
    }
    return (train.urls + test.urls).contains { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// Loads one split; every file of it is checked.
  func load(_ split: Split) throws(DataError) -> LabeledImages {
    switch split {
    case .idx(let imageFile, let labelFile, let contents):
      let images = try readIDXImages(imageFile, contents)
      let labels = try contents.readLabels(labelFile)
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
    case .idx(let imageFile, _, let contents) where file == imageFile:
      try readIDXImages(file, contents).count / (Self.mnistSide * Self.mnistSide)
    case .idx(_, _, let contents):
      try contents.readLabels(file).count
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
      case .cifar10: "batches.meta.txt"
      case .cifar100: "fine_label_names.txt"
      default: nil
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

  private func readIDXImages(_ file: URL, _ contents: IDX.Contents) throws(DataError) -> [UInt8] {
    try contents.readImages(file, side: Self.mnistSide)
  }

  private static func children(of name: DatasetName) -> [String] {
    switch name {
    case .fashionMNIST: ["raw", "FashionMNIST/raw"]
    case .mnist: ["raw", "MNIST/raw"]
    case .kmnist: ["raw", "KMNIST/raw"]
    case .qmnist: ["raw", "QMNIST/raw"]
    case .emnist: ["raw", "EMNIST/raw", "gzip"]
    case .cifar10: ["cifar-10-batches-bin"]
    case .cifar100: ["cifar-100-binary"]
    case .svhn, .synthetic, .imagenet, .folder, .npz: []
    }
  }

  private static func idx(
    _ stem: String, in folder: URL, _ contents: IDX.Contents = IDX.Contents()
  ) -> Split {
    let labels = contents.labels == .qmnist ? "idx2-int" : "idx1-ubyte"
    return .idx(
      images: present(["\(stem)-images-idx3-ubyte", "\(stem)-images.idx3-ubyte"], in: folder),
      labels: present(["\(stem)-labels-\(labels)", "\(stem)-labels.\(labels)"], in: folder),
      contents)
  }

  /// The first of `names`, as it is or with `.gz`, that is a file; else one that is a folder, which
  /// opening then reports; else the first name.
  private static func present(_ names: [String], in folder: URL) -> URL {
    let candidates = names.flatMap { [$0, $0 + ".gz"] }.map { folder.appendingPathComponent($0) }
    let existing = candidates.filter { FileManager.default.fileExists(atPath: $0.path) }
    return existing.first { !DatasetLocator.isFolder($0) } ?? existing.first ?? candidates[0]
  }
}
