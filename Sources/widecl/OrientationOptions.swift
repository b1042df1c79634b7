import ArgumentParser
import Datasets
import Training

/// What is done about the orientation that a camera noted in an image file.
struct OrientationOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Take the pixels of image files as they lie in the file, as torchvision does.",
      discussion: """
        Otherwise an image is turned as its camera noted, unless the run began before that was done, \
        or ignored it: its checkpoint says so.
        """))
  var ignoreOrientation = false

  /// What is asked for; nil for what is usual.
  var orientation: OrientationHandling? { ignoreOrientation ? .ignored : nil }
}

extension Checkpoint.Header {
  /// Says where images that were held out of the training may be others now.
  func tellOtherFiles(than data: Dataset) {
    guard heldOut != nil, data.heldOut == heldOut, let filesDigest,
      data.prefix(limit ?? .max).filesDigest != filesDigest
    else { return }
    tell(
      "\(data.name): other files than in the training, which may have seen some of the test images")
  }
}
