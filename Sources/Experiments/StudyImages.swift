import Datasets
import Graph
import Training

/// What a study has to know of its images before they are read.
package struct StudyImages: Sendable {
  let image: ImageShape
  let classes: Int
  /// Whether they are files of any size.
  let areFiles: Bool
  package let train: Int
  package let test: Int

  /// Of a data set, whose first `limit` images of each split are used.
  package init(of data: Dataset, limit: Int?) {
    image = ImageShape(of: data.train)
    classes = data.classes
    areFiles = data.train.files != nil
    train = min(limit ?? .max, data.train.count)
    test = min(limit ?? .max, data.test.count)
  }

  /// Of a data set that need not be there; nil where only its folder can say.
  package init?(of name: DatasetName, limit: Int?) {
    guard let format = name.format, let counts = name.imageCounts else { return nil }
    image = ImageShape(height: format.height, width: format.width, channels: format.channels)
    classes = format.classes
    areFiles = name.imageFileSize != nil
    train = min(limit ?? .max, counts.train)
    test = min(limit ?? .max, counts.test)
  }
}
