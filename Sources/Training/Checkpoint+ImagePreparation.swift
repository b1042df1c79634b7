import Datasets
import Graph

extension Checkpoint.Header {
  /// How an image file of any size becomes the pixels of `preparation`'s input: keys and values for
  /// the metadata of exported files, which other programs read.
  var imagePreparation: [String: String] {
    let areFiles = (try? DatasetName(parsing: data))?.imageFileSize != nil
    let isSquare = image.height == image.width
    let side = areFiles ? ImagePreparation.testSide(image.height) : image.height
    var result = [
      "orientation": (orientation ?? .ignored).rawValue,
      "scale": isSquare
        ? "short side to \(side) pixels" : "until it covers \(image.height)x\(image.width)",
      "crop": "middle, \(image.height)x\(image.width)",
      "interpolation": "bicubic, a = -1/2, widened where it shrinks",
      "color": image.channels == 1
        ? "grey, (299 red + 587 green + 114 blue) / 1000" : "red, green, blue",
      // A data set in memory holds bytes.
      "rounded": areFiles ? "false" : "true",
    ]
    if isSquare { result["short_side"] = "\(side)" }
    return result
  }
}
