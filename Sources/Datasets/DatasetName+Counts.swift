extension DatasetName {
  /// Training and test images of the whole data set; nil where only its folder can say.
  package var imageCounts: (train: Int, test: Int)? {
    if case .synthetic(let size) = self { return (size.count, size.testCount) }
    return published
  }
}

extension SyntheticSize {
  /// Number of test images.
  var testCount: Int { max(count / 5, 1) }
}
