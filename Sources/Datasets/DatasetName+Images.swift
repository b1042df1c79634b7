extension DatasetName {
  /// Whether it is a folder of the user's own images.
  package var isFolder: Bool { if case .folder = self { true } else { false } }

  /// The name of each class, `[classes]`, where no file need be asked.
  public var classNames: [String]? {
    switch self {
    case .fashionMNIST: ClassNames.fashionMNIST
    case .mnist, .qmnist, .svhn: ClassNames.digits
    case .kmnist: ClassNames.kmnist
    case .emnist(let split): split.classNames
    case .cifar10: ClassNames.cifar10
    case .cifar100: ClassNames.cifar100
    case .synthetic(let size): ClassNames.numbered(size.classes)
    case .imagenet, .folder, .npz: nil
    }
  }

  /// The mean and the standard deviation of each channel of the training images, `[C]`, in bytes
  /// 0...255; nil where the images must be there to know them.
  public var normalization: (mean: [Float], standardDeviation: [Float])? {
    switch self {
    case .fashionMNIST: ([72.9404], [90.0212])
    case .mnist: ([33.3184], [78.5675])
    case .svhn: ([111.609, 113.161, 120.565], [50.498, 51.259, 50.244])
    case .imagenet, .folder: (ImageFolder.mean, ImageFolder.standardDeviation)
    case .cifar10, .cifar100: ([125.3, 123.0, 113.9], [63.0, 62.1, 66.7])
    case .kmnist, .qmnist, .emnist, .npz, .synthetic: nil
    }
  }
}
