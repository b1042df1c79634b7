/// The parts that EMNIST is published in; each holds its own training and test images.
public enum EMNISTSplit: String, CaseIterable, Sendable {
  /// As many images of each of 47 classes: letters whose two cases look alike are one class.
  case balanced
  /// All images by 62 classes.
  case byclass
  /// All images by the 47 classes.
  case bymerge
  /// Digits, as many of each.
  case digits
  /// Letters by 26 classes, both cases of a letter in one.
  case letters
  /// Digits in the numbers of MNIST.
  case mnist

  private static let lowerCase = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
  private static let upperCase = lowerCase.map { $0.uppercased() }

  /// The name of each class, `[classes]`, in the order of the labels.
  var classNames: [String] {
    switch self {
    case .digits, .mnist: ClassNames.digits
    case .letters: Self.lowerCase
    case .byclass: ClassNames.digits + Self.upperCase + Self.lowerCase
    case .balanced, .bymerge:
      ClassNames.digits + Self.upperCase + ["a", "b", "d", "e", "f", "g", "h", "n", "q", "r", "t"]
    }
  }

  /// The numbers of images in Cohen et al., "EMNIST: an extension of MNIST to handwritten letters"
  /// (2017), Table II.
  var published: (train: Int, test: Int) {
    switch self {
    case .byclass, .bymerge: (697_932, 116_323)
    case .balanced: (112_800, 18_800)
    case .letters: (124_800, 20_800)
    case .digits: (240_000, 40_000)
    case .mnist: (60_000, 10_000)
    }
  }

  /// The images lie on their sides, and letters are counted from 1.
  var contents: IDX.Contents {
    IDX.Contents(
      labels: .bytes, classes: classNames.count, firstLabel: self == .letters ? 1 : 0,
      isTransposed: true)
  }
}
