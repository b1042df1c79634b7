import Spelling

/// A data set the engine can train on.
public enum DatasetName: Hashable, Sendable, CustomStringConvertible {
  /// Fashion-MNIST: 60000 + 10000 images of 1x28x28, 10 classes.
  case fashionMNIST
  /// MNIST: 60000 + 10000 images of 1x28x28, 10 classes.
  case mnist
  /// CIFAR-10: 50000 + 10000 images of 3x32x32, 10 classes.
  case cifar10
  /// CIFAR-100 with its fine labels: 50000 + 10000 images of 3x32x32, 100 classes.
  case cifar100
  /// SVHN's cropped digits with the extra ones: 604388 + 26032 images of 3x32x32, 10 classes.
  case svhn
  /// ImageNet's 1000 classes as a folder of images, which become 3 x `size` x `size`.
  case imagenet(size: Int)
  /// Any other folder of images, laid out likewise: `train/CLASS/*` and `val/CLASS/*`.
  case folder(size: Int)
  /// Kuzushiji-MNIST: 60000 + 10000 images of 1x28x28, 10 classes.
  case kmnist
  /// QMNIST, MNIST made again with all 60000 test images: 1x28x28, 10 classes.
  case qmnist
  /// A part of EMNIST: handwritten digits and letters of 1x28x28.
  case emnist(EMNISTSplit)
  /// The arrays of a file that numpy wrote.
  case npz(path: String)
  /// Generated images that can be learned.
  case synthetic(SyntheticSize)

  /// The data sets that are files, in the order of a listing.
  public static let onDisk: [DatasetName] =
    [
      .fashionMNIST, .mnist, .cifar10, .cifar100, .svhn, .imagenet(size: usualImageNetSize),
      .kmnist, .qmnist,
    ] + EMNISTSplit.allCases.map { .emnist($0) }

  /// The rows and columns of ImageNet's images where none are given.
  public static let usualImageNetSize = 224
  /// The rows and columns of the images of a folder that is named by its path.
  public static let usualFolderSize = 64
  private static let imageSizes = 8...1024
  /// The forms of the names that ask for image files.
  public static let imageForms = ["imagenet:SIZE", "folder:SIZE"]

  /// The form of a name that asks for numpy's arrays.
  public static let arraysForm = "npz:FILE"

  /// The form of a name that asks for synthetic data.
  public static let syntheticForm = "synthetic:CxHxW:CLASSES:COUNT"

  /// The data set called `text`, or the folder of images that it is the path of: see
  /// `folder(in:)`; throws `usage` for a name that is unknown.
  public init(parsing text: String) throws(DataError) {
    if let name = Self.onDisk.first(where: { $0.description == text }) {
      self = name
      return
    }
    if text == "synthetic" || text.hasPrefix("synthetic:") {
      self = .synthetic(try SyntheticSize(parsing: text))
      return
    }
    if let name = try Self.imageFiles(parsing: text) {
      self = name
      return
    }
    if text.hasPrefix("npz:"), text.count > 4 {
      self = .npz(path: String(text.dropFirst(4)))
      return
    }
    if Self.folder(in: text) != nil {
      self = .folder(size: Self.usualFolderSize)
      return
    }
    let question = Spelling.question(text, among: Self.onDisk.map(\.description))
    throw DataError(
      .usage, what: text.isEmpty ? "data set" : text,
      why: text.isEmpty ? "the name is empty" : "no data set or folder has this name" + question,
      whatToDo: "'widecl data list' shows the names; a folder of images is given by its path")
  }

  /// A name of the form `imagenet:SIZE` or `folder:SIZE`; nil for another.
  private static func imageFiles(parsing text: String) throws(DataError) -> DatasetName? {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    guard let kind = fields.first, kind == "imagenet" || kind == "folder" else { return nil }
    guard fields.count == 2, fields[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let size = Int(fields[1]), imageSizes.contains(size)
    else {
      throw DataError(
        .usage, what: text, why: "not of the form \(kind):SIZE",
        whatToDo: "write for example \(kind):224, with a size from \(imageSizes.lowerBound) to "
          + "\(imageSizes.upperBound)")
    }
    return kind == "imagenet" ? .imagenet(size: size) : .folder(size: size)
  }

  /// The name as it is typed, such as `fashion-mnist`.
  public var description: String {
    switch self {
    case .fashionMNIST: "fashion-mnist"
    case .mnist: "mnist"
    case .cifar10: "cifar10"
    case .cifar100: "cifar100"
    case .svhn: "svhn"
    case .imagenet(Self.usualImageNetSize): "imagenet"
    case .imagenet(let size): "imagenet:\(size)"
    case .folder(let size): "folder:\(size)"
    case .kmnist: "kmnist"
    case .qmnist: "qmnist"
    case .emnist(let split): "emnist-\(split.rawValue)"
    case .npz(let path): "npz:\(path)"
    case .synthetic(let size): size.description
    }
  }
}
