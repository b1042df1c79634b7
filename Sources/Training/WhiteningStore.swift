import Datasets
import Foundation

/// Whitenings that were computed before: a file each, named by the images they come from.
package struct WhiteningStore {
  /// Where the files lie; nil to keep none.
  package var folder: String?
  /// Is told what takes a while.
  package var note: (String) -> Void

  package init(folder: String? = nil, note: @escaping (String) -> Void = { _ in }) {
    self.folder = folder
    self.note = note
  }

  /// What whitens these training images, computed where no file has it.
  ///
  /// A damaged file is computed anew, and a folder that cannot be written is no error.
  package func whitening(of images: LabeledImages) throws -> Whitening {
    let size = images.height * images.width * images.channels
    let file = folder.map { "\($0)/\(Whitening.key(of: images)).safetensors" }
    if let file, FileManager.default.fileExists(atPath: file) {
      if let known = try? SafeTensors(contentsOf: file).whitening, known.mean.count == size {
        return known
      }
      note("\(file) is damaged and is made anew")
    }
    note("computing the whitening of \(images.count) images of \(size) values, once")
    let result = try Whitening(of: images)
    if let folder, let file {
      try? FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      var tensors = SafeTensors()
      tensors.whitening = result
      try? tensors.write(to: file)
    }
    return result
  }
}

extension SafeTensors {
  private static let meanName = "input.mean"
  private static let matrixName = "input.matrix"

  /// The whitening among the tensors; nil where there is none or it is damaged.
  var whitening: Whitening? {
    get {
      guard let mean = tensors[Self.meanName]?.floats,
        let matrix = tensors[Self.matrixName], let values = matrix.floats,
        matrix.shape == [mean.count, mean.count],
        mean.allSatisfy(\.isFinite), values.allSatisfy(\.isFinite)
      else { return nil }
      return Whitening(mean: mean, matrix: values)
    }
    set {
      let count = newValue?.mean.count ?? 0
      tensors[Self.meanName] = newValue.map { Tensor($0.mean, shape: [count]) }
      tensors[Self.matrixName] = newValue.map { Tensor($0.matrix, shape: [count, count]) }
    }
  }
}
