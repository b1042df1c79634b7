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
  /// Generated images that can be learned.
  case synthetic(SyntheticSize)

  /// The data sets that are files, in the order of a listing.
  public static let onDisk: [DatasetName] = [
    .fashionMNIST, .mnist, .cifar10, .cifar100, .svhn, .imagenet(size: usualImageNetSize),
  ]

  /// The rows and columns of ImageNet's images where none are given.
  public static let usualImageNetSize = 224
  private static let imageSizes = 8...1024
  /// The forms of the names that ask for image files.
  public static let imageForms = ["imagenet:SIZE", "folder:SIZE"]

  /// The form of a name that asks for synthetic data.
  public static let syntheticForm = "synthetic:CxHxW:CLASSES:COUNT"

  /// The data set called `text`; throws `usage` for a name that is unknown.
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
    let known = (Self.onDisk.map(\.description) + Self.imageForms + [Self.syntheticForm])
      .joined(separator: ", ")
    throw DataError(
      .usage, what: text.isEmpty ? "data set" : text,
      why: text.isEmpty ? "the name is empty" : "no data set has this name",
      whatToDo: "choose one of \(known)")
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
    case .synthetic(let size): size.description
    }
  }
}

/// The size of a synthetic data set.
public struct SyntheticSize: Hashable, Sendable, CustomStringConvertible {
  /// Channels of an image, 1 or more.
  public let channels: Int
  /// Rows of an image, 1 or more.
  public let height: Int
  /// Columns of an image, 1 or more.
  public let width: Int
  /// Number of classes, 1 or more.
  public let classes: Int
  /// Number of training images, 1 or more.
  public let count: Int

  /// No factor of a synthetic size is larger; the product is bounded by the memory when loading.
  static let largestNumber = 1 << 24

  /// Reads `synthetic:CxHxW:CLASSES:COUNT`; throws `usage` for another form.
  public init(parsing text: String) throws(DataError) {
    let fields = text.split(separator: ":", omittingEmptySubsequences: false)
    let texts =
      fields.dropFirst().prefix(1).flatMap {
        $0.split(separator: "x", omittingEmptySubsequences: false)
      } + fields.dropFirst(2)
    let numbers = texts.compactMap(Self.number)
    guard fields.first == "synthetic", fields.count == 4, texts.count == 5, numbers.count == 5
    else {
      throw DataError(
        .usage, what: text, why: "not of the form \(DatasetName.syntheticForm)",
        whatToDo: "write for example synthetic:3x32x32:10:1000, "
          + "with numbers from 1 to \(Self.largestNumber)")
    }
    (channels, height, width) = (numbers[0], numbers[1], numbers[2])
    (classes, count) = (numbers[3], numbers[4])
  }

  private static func number(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let value = Int(text), 1...largestNumber ~= value
    else { return nil }
    return value
  }

  /// The size as it is typed.
  public var description: String {
    "synthetic:\(channels)x\(height)x\(width):\(classes):\(count)"
  }
}

extension DatasetName {
  /// Height, width and channels of an image, and the number of classes; nil where only the folder
  /// can say.
  public var format: (height: Int, width: Int, channels: Int, classes: Int)? {
    switch self {
    case .fashionMNIST, .mnist: (28, 28, 1, 10)
    case .cifar10, .svhn: (32, 32, 3, 10)
    case .cifar100: (32, 32, 3, 100)
    case .imagenet(let size): (size, size, 3, 1000)
    case .folder: nil
    case .synthetic(let size): (size.height, size.width, size.channels, size.classes)
    }
  }
  /// Rows and columns that image files are brought to; nil for data of another kind.
  public var imageFileSize: Int? {
    switch self {
    case .imagenet(let size), .folder(let size): size
    default: nil
    }
  }

  /// Whether the data set is files, not generated.
  var isOnDisk: Bool {
    if case .synthetic = self { return false }
    return true
  }

  /// The name of the folder that a locator looks for; nil where it looks for none.
  var folderName: String? {
    switch self {
    case .synthetic, .folder: nil
    case .imagenet: "imagenet"
    default: description
    }
  }
}
