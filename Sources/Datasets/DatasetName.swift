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
  /// Generated images that can be learned.
  case synthetic(SyntheticSize)

  /// The data sets that are files, in the order of a listing.
  public static let onDisk: [DatasetName] = [.fashionMNIST, .mnist, .cifar10, .cifar100, .svhn]

  /// The form of a name that asks for synthetic data.
  public static let syntheticForm = "synthetic:CxHxW:CLASSES:COUNT"

  private static let notBuiltYet = ["imagenet"]

  /// The data set called `text`; throws `usage` for a name that is unknown or not built yet.
  public init(parsing text: String) throws(DataError) {
    if let name = Self.onDisk.first(where: { $0.description == text }) {
      self = name
      return
    }
    if text == "synthetic" || text.hasPrefix("synthetic:") {
      self = .synthetic(try SyntheticSize(parsing: text))
      return
    }
    let known = (Self.onDisk.map(\.description) + [Self.syntheticForm]).joined(separator: ", ")
    throw DataError(
      .usage, what: text.isEmpty ? "data set" : text,
      why: Self.notBuiltYet.contains(text)
        ? "reading this data set is not built yet"
        : text.isEmpty ? "the name is empty" : "no data set has this name",
      whatToDo: "choose one of \(known)")
  }

  /// The name as it is typed, such as `fashion-mnist`.
  public var description: String {
    switch self {
    case .fashionMNIST: "fashion-mnist"
    case .mnist: "mnist"
    case .cifar10: "cifar10"
    case .cifar100: "cifar100"
    case .svhn: "svhn"
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
  /// Height, width and channels of an image, and the number of classes.
  public var format: (height: Int, width: Int, channels: Int, classes: Int) {
    switch self {
    case .fashionMNIST, .mnist: (28, 28, 1, 10)
    case .cifar10, .svhn: (32, 32, 3, 10)
    case .cifar100: (32, 32, 3, 100)
    case .synthetic(let size): (size.height, size.width, size.channels, size.classes)
    }
  }
}
