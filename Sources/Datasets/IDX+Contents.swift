import Foundation

extension IDX {
  /// What a data set's files hold.
  struct Contents {
    enum Labels {
      case bytes
      /// A row of numbers for each image, the class first.
      case qmnist
    }

    var labels = Labels.bytes
    var classes = ClassNames.digits.count
    /// The lowest label in the file.
    var firstLabel = 0
    /// Whether a row of the file is a column of the image.
    var isTransposed = false

    /// The images `[N, side, side]`, upright.
    func readImages(_ file: URL, side: Int) throws(DataError) -> [UInt8] {
      let images = try IDX.images(file, height: side, width: side)
      guard isTransposed else { return images }
      return [UInt8](unsafeUninitializedCapacity: images.count) { upright, filled in
        for start in stride(from: 0, to: images.count, by: side * side) {
          for row in 0..<side {
            for column in 0..<side {
              upright[start + row * side + column] = images[start + column * side + row]
            }
          }
        }
        filled = images.count
      }
    }

    /// The labels `[N]`, from 0.
    func readLabels(_ file: URL) throws(DataError) -> [Int32] {
      switch labels {
      case .bytes: try IDX.labels(file, classes: classes, first: firstLabel)
      case .qmnist: try IDX.tableLabels(file, classes: classes)
      }
    }
  }
}
