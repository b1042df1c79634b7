extension Dataset {
  /// The data set with other classes: what was class i is class `labels[i]` of `classNames`.
  ///
  /// Traps where there is no label for a class, or no class for a label.
  package func relabelled(_ labels: [Int32], as classNames: [String]) -> Dataset {
    precondition(labels.count == classes, "a label for each class")
    precondition(
      labels.allSatisfy { classNames.indices.contains(Int($0)) }, "a class for each label")
    var result = self
    result.classNames = classNames
    result.train.labels = train.labels.map { labels[Int($0)] }
    result.test.labels = test.labels.map { labels[Int($0)] }
    return result
  }
}
