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

  /// How images are prepared for the network, in a line for whoever exports it.
  package var preparationInWords: String {
    let steps = imagePreparation
    let normalised =
      whitening == nil
      ? "less the mean, by the standard deviation"
      : "normalised and whitened by the checkpoint's matrix"
    return "images go in as \(image), \(steps["color"] ?? ""): scaled, "
      + "\(steps["scale"] ?? ""); \(steps["crop"] ?? ""); \(normalised); "
      + "docs/predict.md (share/doc/widecl/predict.md) shows it in Python"
  }
}
