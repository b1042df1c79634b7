extension DatasetName {
  /// Training and test images of the whole data set; nil where only its folder can say.
  package var imageCounts: (train: Int, test: Int)? {
    switch self {
    case .fashionMNIST, .mnist: (60_000, 10_000)
    case .cifar10, .cifar100: (50_000, 10_000)
    case .svhn: (604_388, 26_032)
    case .imagenet: (1_281_167, 50_000)
    case .synthetic(let size): (size.count, size.testCount)
    default: nil
    }
  }
}

extension SyntheticSize {
  /// Number of test images.
  var testCount: Int { max(count / 5, 1) }
}
