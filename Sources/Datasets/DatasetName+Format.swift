import Foundation

extension DatasetName {
  /// Height, width and channels of an image, and the number of classes; nil where only the folder
  /// can say.
  public var format: (height: Int, width: Int, channels: Int, classes: Int)? {
    switch self {
    case .fashionMNIST, .mnist: (28, 28, 1, 10)
    case .cifar10, .svhn: (32, 32, 3, 10)
    case .cifar100: (32, 32, 3, 100)
    case .imagenet(let size): (size, size, 3, 1000)
    case .kmnist, .qmnist: (28, 28, 1, 10)
    case .emnist(let split): (28, 28, 1, split.classNames.count)
    case .folder, .npz: nil
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

  /// Whether a part of the images may be held out for testing where there are none for it.
  var mayHoldOut: Bool { isFolder }

  /// Whether the data set is files, not generated.
  var isOnDisk: Bool {
    if case .synthetic = self { return false }
    return true
  }

  /// The name of the folder that a locator looks for; nil where it looks for none.
  var folderName: String? {
    switch self {
    case .synthetic, .folder, .npz: nil
    case .imagenet: "imagenet"
    case .emnist: "emnist"
    default: description
    }
  }

  /// The folder of images that `text` is the path of: it has a slash, or is no name of a data set
  /// but of a folder that is there; nil for other texts.
  public static func folder(in text: String) -> String? {
    let isName =
      text.hasPrefix("npz:") || onDisk.contains { $0.description == text }
    guard !isName, text.contains("/") || FilePath(text).isFolder else { return nil }
    return text
  }
}
