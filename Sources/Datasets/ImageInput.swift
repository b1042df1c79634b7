/// How an image file of any size becomes a network's input, prepared as the test images of the data
/// set that the network was trained on.
///
/// For data sets of image files it is `ImagePreparation`'s. For those of small images in memory, an
/// image of another size is scaled until it covers theirs, and its middle is taken.
public struct ImageInput: Sendable {
  /// Rows of the input.
  public let height: Int
  /// Columns of the input.
  public let width: Int
  /// 1 for grey, 3 for red, green and blue.
  public let channels: Int
  private let mean: [Float]
  private let standardDeviation: [Float]
  private let whitening: Whitening?
  private let files: ImagePreparation?

  /// Inputs `[height, width, channels]`, whitened by `whitening` or not, minus `mean`, divided by
  /// `standardDeviation`, both `[channels]` in bytes or in what whitening gives; `areFiles` says
  /// whether the data set's images are files.
  ///
  /// Nil for channels that no image has, for a whitening of another size, and for files that are to
  /// be whitened or do not become squares of colours.
  public init?(
    height: Int, width: Int, channels: Int, mean: [Float], standardDeviation: [Float],
    whitening: Whitening? = nil, areFiles: Bool
  ) {
    guard channels == 1 || channels == 3,
      !areFiles || (channels == 3 && height == width && whitening == nil),
      height > 0, width > 0, mean.count == channels, standardDeviation.count == channels,
      whitening.map({ $0.mean.count == height * width * channels }) ?? true
    else { return nil }
    self.whitening = whitening
    self.height = height
    self.width = width
    self.channels = channels
    self.mean = mean
    self.standardDeviation = standardDeviation
    files =
      areFiles
      ? ImagePreparation(size: height, mean: mean, standardDeviation: standardDeviation) : nil
  }

  /// Values of one input.
  public var count: Int { height * width * channels }

  /// The input `[height, width, channels]` from an image.
  public func values(from image: ImageFile) -> [Float] {
    if let files { return files.values(of: image) }
    let inverse = standardDeviation.map { 1 / $0 }
    let pixels = pixels(of: image)
    let values = whitening.map { self.whitened(pixels, by: $0) } ?? pixels.map { Float($0) }
    return values.enumerated().map { index, value in
      let channel = index % channels
      return (value - mean[channel]) * inverse[channel]
    }
  }

  /// The bytes `[height, width, channels]` that a data set would hold of the image.
  func pixels(of image: ImageFile) -> [UInt8] {
    let colored = covering(image.colored)
    guard channels == 1 else { return colored }
    // ITU-R BT.601's luma, which leaves a grey pixel as it is.
    return stride(from: 0, to: colored.count, by: 3).map { pixel in
      let red = 299 * Int(colored[pixel])
      let green = 587 * Int(colored[pixel + 1])
      let blue = 114 * Int(colored[pixel + 2])
      return UInt8((red + green + blue + 500) / 1000)
    }
  }

  private func whitened(_ pixels: [UInt8], by whitening: Whitening) -> [Float] {
    whitening.values(
      of: LabeledImages(
        height: height, width: width, channels: channels, images: pixels, labels: [0]))
  }

  private func covering(_ image: ImageFile) -> [UInt8] {
    if image.width == width && image.height == height { return image.pixels }
    let scale = max(
      Double(width) / Double(image.width), Double(height) / Double(image.height))
    func scaled(_ edge: Int, atLeast least: Int) -> Int {
      max(least, Int((Double(edge) * scale).rounded()))
    }
    let wide = scaled(image.width, atLeast: width)
    let high = scaled(image.height, atLeast: height)
    let values = [Float](unsafeUninitializedCapacity: height * width * 3) { values, filled in
      Resampling.resample(
        image, box: Resampling.Box(left: 0, top: 0, width: image.width, height: image.height),
        width: wide, height: high,
        window: Resampling.Box(
          left: (wide - width) / 2, top: (high - height) / 2, width: width, height: height),
        into: values)
      filled = height * width * 3
    }
    return values.map { UInt8($0.rounded()) }
  }
}
