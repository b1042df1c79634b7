import Datasets
import Graph

/// What images a network is for and how they are prepared.
package struct ImageDescription {
  /// The data set's name.
  package var data: String
  package var image: ImageShape
  package var classes: Int
  /// Nil where only the data set's folder knows them.
  package var classNames: [String]?
  /// Of each channel, in bytes.
  package var mean: [Float]
  /// Of each channel, in bytes.
  package var standardDeviation: [Float]

  /// Of a data set, as a recipe normalises its images.
  package init(of data: Dataset, recipe: Recipe) {
    self.data = data.name
    image = ImageShape(of: data.test)
    classes = data.classes
    classNames = data.classNames
    (mean, standardDeviation) = recipe.inputNormalization.constants(
      mean: data.mean, standardDeviation: data.standardDeviation)
  }

  /// Of a data set that need not be there; nil where only its images can say.
  ///
  /// `classes` is for folders, whose own number is not known.
  package init?(of name: DatasetName, classes: Int, recipe: Recipe) {
    guard let normalization = name.normalization else { return nil }
    let side = name.imageFileSize ?? 0
    data = name.description
    image = ImageShape(
      height: name.format?.height ?? side, width: name.format?.width ?? side,
      channels: normalization.mean.count)
    self.classes = name.format?.classes ?? classes
    classNames = name.classNames
    (mean, standardDeviation) = recipe.inputNormalization.constants(
      mean: normalization.mean, standardDeviation: normalization.standardDeviation)
  }

  /// What a file says that `Checkpoint.weights` made; nil for another program's.
  init?(metadata: [String: String], classes: Int) {
    func list<Element: Decodable>(_ key: String) -> [Element]? {
      metadata[key].flatMap(decodedJSON)
    }
    let sizes = metadata["image"]?.split(separator: "x").map { Int($0) ?? 0 } ?? []
    guard let data = metadata["data"], sizes.count == 3, (1...256).contains(sizes[0]),
      sizes.allSatisfy({ (1...8192).contains($0) }), let mean: [Float] = list("mean"),
      let deviation: [Float] = list("standard_deviation"), mean.count == sizes[0],
      deviation.count == sizes[0], mean.allSatisfy(\.isFinite),
      deviation.allSatisfy({ $0 > 0 && $0.isFinite })
    else { return nil }
    self.data = data
    image = ImageShape(height: sizes[1], width: sizes[2], channels: sizes[0])
    self.classes = classes
    self.mean = mean
    standardDeviation = deviation
    let names: [String]? = list("class_names")
    classNames = names?.count == classes ? names : nil
  }
}

extension ImageShape {
  /// Of a data set's images.
  package init(of split: LabeledImages) {
    self.init(height: split.height, width: split.width, channels: split.channels)
  }
}
