import Foundation

/// Labelled images of one split, as bytes or as files that are decoded when they are needed.
public struct LabeledImages: Sendable, Equatable {
  /// Number of images, N.
  public let count: Int
  /// Rows of an image, H.
  public let height: Int
  /// Columns of an image, W.
  public let width: Int
  /// Channels of an image, C.
  public let channels: Int
  /// The images, `[N, H, W, C]`; empty where they are files.
  public let images: [UInt8]
  /// The images after whitening, `[N, H, W, C]`; nil where their bytes are a network's input.
  public internal(set) var values: [Float]?
  /// The images' files, where they are decoded when they are needed.
  public internal(set) var files: ImageFiles?
  /// The class of each image, `[N]`, from 0.
  public internal(set) var labels: [Int32]

  /// Images `[N, H, W, C]` with labels `[N]`; traps when the sizes do not fit together.
  public init(height: Int, width: Int, channels: Int, images: [UInt8], labels: [Int32]) {
    precondition(height > 0 && width > 0 && channels > 0, "an image needs pixels")
    precondition(
      Self.byteCount(of: labels.count, height, width, channels) == images.count,
      "images must be [labels.count, height, width, channels]")
    count = labels.count
    self.height = height
    self.width = width
    self.channels = channels
    self.images = images
    self.labels = labels
    files = nil
  }

  /// Images that become `size` x `size` x 3 as they are needed.
  init(files: ImageFiles, size: Int) {
    count = files.labels.count
    (height, width, channels) = (size, size, 3)
    images = []
    labels = files.labels
    self.files = files
  }

  /// The first `n` images, or all where there are fewer.
  public func prefix(_ n: Int) -> LabeledImages {
    precondition(n >= 0, "a number of images is not negative")
    guard n < count else { return self }
    if let files {
      var first = LabeledImages(files: files.prefix(n), size: height)
      first.labels = Array(labels.prefix(n))
      return first
    }
    var first = LabeledImages(
      height: height, width: width, channels: channels,
      images: Array(images.prefix(n * height * width * channels)),
      labels: Array(labels.prefix(n)))
    first.values = values.map { Array($0.prefix(n * height * width * channels)) }
    return first
  }

  /// The number of images of each class, `[classes]`; every label must be below `classes`.
  public func histogram(classes: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: classes)
    for label in labels {
      counts[Int(label)] += 1
    }
    return counts
  }

  /// The mean and the standard deviation of each channel, `[C]`, in bytes 0...255; zeros where
  /// there are no images in memory.
  public func channelStatistics() -> (mean: [Float], standardDeviation: [Float]) {
    var sums = [UInt64](repeating: 0, count: channels)
    var squares = [UInt64](repeating: 0, count: channels)
    images.withUnsafeBufferPointer { bytes in
      for channel in 0..<channels {
        var sum: UInt64 = 0
        var square: UInt64 = 0
        var index = channel
        while index < bytes.count {
          let value = UInt64(bytes[index])
          sum &+= value
          square &+= value &* value
          index += channels
        }
        sums[channel] = sum
        squares[channel] = square
      }
    }
    let pixels = Double(max(count * height * width, 1))
    let means = sums.map { Double($0) / pixels }
    let deviations = zip(means, squares).map { mean, square in
      max(Double(square) / pixels - mean * mean, 0).squareRoot()
    }
    return (means.map { Float($0) }, deviations.map { Float($0) })
  }

  /// The bytes of `count` images, or nil where they cannot lie in this machine's memory or be
  /// numbered with 32 bits.
  static func byteCount(of count: Int, _ height: Int, _ width: Int, _ channels: Int) -> Int? {
    guard UInt32(exactly: count) != nil else { return nil }
    var total = count
    for factor in [height, width, channels] {
      let (product, overflow) = total.multipliedReportingOverflow(by: factor)
      guard !overflow else { return nil }
      total = product
    }
    return UInt64(total) <= ProcessInfo.processInfo.physicalMemory ? total : nil
  }
}
