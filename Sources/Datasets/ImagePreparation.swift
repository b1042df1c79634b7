import Randomness

/// How image files of any size become a network's input: resized, cropped, normalised and, for
/// training, changed at random.
///
/// A test image is resized so that its short side is 256/224 of the input's and its centre is
/// taken. A training image is cropped to 8 to 100 % of its area with edges of 3:4 to 4:3, where
/// such a crop fits, and its colours change (`ColorJitter`); these are fb.resnet.torch's choices.
public struct ImagePreparation: Sendable {
  /// What is drawn for training images.
  public struct Augmentation: Sendable, Equatable {
    /// Whether half of the images are mirrored.
    public var flip: Bool
    /// The seed of the run.
    public var seed: UInt64

    /// Random crops and colours, drawn by `seed`, and mirrored images with `flip`.
    public init(flip: Bool, seed: UInt64) {
      self.flip = flip
      self.seed = seed
    }
  }

  /// Rows and columns of the input.
  public let size: Int
  /// Of each channel, `[3]`, in bytes.
  public let mean: [Float]
  /// Of each channel, `[3]`, in bytes.
  public let standardDeviation: [Float]
  /// Nil for images as they are tested.
  public let augmentation: Augmentation?

  /// Keeps the draws apart from every other use of the same seed ("CROP").
  private static let domain: UInt32 = 0x4352_4F50

  /// Inputs of `size` x `size` x 3, minus `mean`, divided by `standardDeviation`.
  public init(
    size: Int, mean: [Float], standardDeviation: [Float], augmentation: Augmentation? = nil
  ) {
    precondition(size > 0 && mean.count == 3 && standardDeviation.count == 3, "three channels")
    self.size = size
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.augmentation = augmentation
  }

  /// The input `[size, size, 3]` from an image, into `output`.
  ///
  /// What is drawn depends on the seed, the 0-based epoch and the image's index alone.
  func prepare(
    _ image: ImageFile, epoch: Int, index: UInt32,
    into output: UnsafeMutableBufferPointer<Float>
  ) {
    let image = image.colored
    var isMirrored = false
    if let augmentation {
      var stream = PhiloxStream(
        Philox(seed: augmentation.seed),
        stream: SIMD3(UInt32(truncatingIfNeeded: epoch), index, Self.domain))
      isMirrored = stream.next() >> 31 == 1 && augmentation.flip
      let jitter = ColorJitter(&stream)
      if let box = Self.box(width: image.width, height: image.height, &stream) {
        Resampling.resample(
          image, box: box, width: size, height: size,
          window: Resampling.Box(left: 0, top: 0, width: size, height: size), into: output)
      } else {
        takeCenter(of: image, shortSide: size, into: output)
      }
      jitter.apply(to: output)
    } else {
      takeCenter(of: image, shortSide: Self.testSide(size), into: output)
    }
    normalize(output)
    if isMirrored { mirror(output) }
  }

  /// The input `[size, size, 3]` from an image, without anything drawn.
  func values(of image: ImageFile) -> [Float] {
    precondition(augmentation == nil, "an image as it is tested")
    return [Float](unsafeUninitializedCapacity: size * size * 3) { values, filled in
      prepare(image, epoch: 0, index: 0, into: values)
      filled = size * size * 3
    }
  }

  /// The pixels of an image as it is tested, `[size, size, 3]`, before it is normalised.
  func testPixels(of image: ImageFile) -> [UInt8] {
    let values = [Float](unsafeUninitializedCapacity: size * size * 3) { values, filled in
      takeCenter(of: image.colored, shortSide: Self.testSide(size), into: values)
      filled = size * size * 3
    }
    return values.map { UInt8($0.rounded()) }
  }

  /// The short side that a test image is resized to before its centre is taken.
  package static func testSide(_ size: Int) -> Int { (size * 256 + 112) / 224 }

  /// A box of a random place, size and shape; nil where ten draws did not fit.
  static func box(width: Int, height: Int, _ stream: inout PhiloxStream) -> Resampling.Box? {
    for _ in 0..<10 {
      let share = 0.08 + 0.92 * Double(Philox.uniform(stream.next()))
      let aspect = 0.75 + (4.0 / 3 - 0.75) * Double(Philox.uniform(stream.next()))
      let isTurned = stream.next() >> 31 == 1
      let area = share * Double(width) * Double(height)
      let edges = [(area * aspect).squareRoot(), (area / aspect).squareRoot()].map {
        max(1, Int($0.rounded()))
      }
      let box = (width: edges[isTurned ? 1 : 0], height: edges[isTurned ? 0 : 1])
      guard box.width <= width, box.height <= height else { continue }
      return Resampling.Box(
        left: Int(stream.next(below: UInt32(width - box.width + 1))),
        top: Int(stream.next(below: UInt32(height - box.height + 1))),
        width: box.width, height: box.height)
    }
    return nil
  }

  private func takeCenter(
    of image: ImageFile, shortSide: Int, into output: UnsafeMutableBufferPointer<Float>
  ) {
    let short = min(image.width, image.height)
    func scaled(_ edge: Int) -> Int { (edge * shortSide + short / 2) / short }
    let (width, height) = (scaled(image.width), scaled(image.height))
    Resampling.resample(
      image,
      box: Resampling.Box(left: 0, top: 0, width: image.width, height: image.height),
      width: width, height: height,
      window: Resampling.Box(
        left: (width - size) / 2, top: (height - size) / 2, width: size, height: size),
      into: output)
  }

  private func normalize(_ values: UnsafeMutableBufferPointer<Float>) {
    let inverse = standardDeviation.map { 1 / $0 }
    for pixel in 0..<values.count / 3 {
      for channel in 0..<3 {
        let index = 3 * pixel + channel
        values[index] = (values[index] - mean[channel]) * inverse[channel]
      }
    }
  }

  private func mirror(_ values: UnsafeMutableBufferPointer<Float>) {
    for row in 0..<size {
      for column in 0..<size / 2 {
        for channel in 0..<3 {
          values.swapAt(
            (row * size + column) * 3 + channel,
            (row * size + size - 1 - column) * 3 + channel)
        }
      }
    }
  }
}

extension LabeledImages {
  /// A network's input from the image `index`, which is a file's, as it is tested: `[H, W, 3]`;
  /// throws as `ImageFile.decode`.
  package func testValues(
    _ index: Int, mean: [Float], standardDeviation: [Float]
  ) throws(DataError) -> [Float] {
    guard let files else { preconditionFailure("no image files") }
    return ImagePreparation(size: height, mean: mean, standardDeviation: standardDeviation)
      .values(of: try files.decode(index))
  }

  /// The pixels of the image `index` as it is tested, `[H, W, C]`; throws as `ImageFile.decode`.
  public func testPixels(_ index: Int) throws(DataError) -> [UInt8] {
    let pixels = height * width * channels
    guard let files else { return Array(images[index * pixels..<(index + 1) * pixels]) }
    let preparation = ImagePreparation(
      size: height, mean: [0, 0, 0], standardDeviation: [1, 1, 1])
    return preparation.testPixels(of: try files.decode(index))
  }
}
