import Randomness

extension Dataset {
  /// Generates the data set of `size`: COUNT training and max(COUNT / 5, 1) test images, the same
  /// bytes everywhere; throws `usage` where it is larger than the memory.
  ///
  /// Image i has class i mod CLASSES. A class is a smooth pattern of its own; each image adds
  /// noise of its own, so that a network has something to learn.
  public static func synthetic(_ size: SyntheticSize) throws(DataError) -> Dataset {
    let images = size.count + size.testCount + size.classes
    guard LabeledImages.byteCount(of: images, size.height, size.width, size.channels) != nil else {
      throw DataError(
        .usage, what: size.description, why: "larger than this machine's memory",
        whatToDo: "ask for fewer or smaller images")
    }
    let patterns = SyntheticPatterns(size)
    let train = patterns.split(count: size.count, number: 0)
    let (mean, deviation) = train.channelStatistics()
    return Dataset(
      name: size.description, classNames: ClassNames.numbered(size.classes), train: train,
      test: patterns.split(count: size.testCount, number: 1), mean: mean,
      standardDeviation: deviation.map { max($0, 1) })
  }
}

/// The pattern of each class, `[classes, H, W, C]`, in integers so that every machine agrees.
private struct SyntheticPatterns {
  private static let gridSide = 4
  private static let amplitude: UInt32 = 48
  private static let philox = Philox(seed: 0x5769_6465_434C)
  private static let patternDomain: UInt32 = 0x5041_5454
  private static let noiseDomain: UInt32 = 0x4E4F_4953

  private let size: SyntheticSize
  private let values: [Int16]

  /// Interpolates a grid of 4 x 4 random values over the image, for each class and channel.
  init(_ size: SyntheticSize) {
    self.size = size
    let side = Self.gridSide
    let rows = Self.positions(size.height)
    let columns = Self.positions(size.width)
    var values: [Int16] = []
    values.reserveCapacity(size.classes * size.height * size.width * size.channels)
    for index in 0..<size.classes {
      let grids = (0..<size.channels).map { channel in
        var stream = PhiloxStream(
          Self.philox, stream: SIMD3(UInt32(index), UInt32(channel), Self.patternDomain))
        return (0..<side * side).map { _ in
          Int(stream.next(below: 2 * Self.amplitude + 1)) - Int(Self.amplitude)
        }
      }
      for (row, down) in rows {
        for (column, right) in columns {
          for grid in grids {
            let corner = row * side + column
            let top = grid[corner] * (256 - right) + grid[corner + 1] * right
            let bottom = grid[corner + side] * (256 - right) + grid[corner + side + 1] * right
            values.append(Int16((top * (256 - down) + bottom * down) / 65536))
          }
        }
      }
    }
    self.values = values
  }

  /// For each pixel along an edge: the grid cell and the place in it, in 1/256.
  private static func positions(_ length: Int) -> [(cell: Int, fraction: Int)] {
    let cells = gridSide - 1
    return (0..<length).map { index in
      let place = length == 1 ? 0 : index * cells * 256 / (length - 1)
      let cell = min(place / 256, cells - 1)
      return (cell, place - cell * 256)
    }
  }

  /// The images of split `number`: 128 + pattern + noise of -64...63.
  func split(count: Int, number: UInt32) -> LabeledImages {
    let pixels = size.height * size.width * size.channels
    let images = [UInt8](unsafeUninitializedCapacity: count * pixels) { bytes, filled in
      values.withUnsafeBufferPointer { values in
        for image in 0..<count {
          let pattern = image % size.classes * pixels
          var stream = PhiloxStream(
            Self.philox, stream: SIMD3(UInt32(image), number, Self.noiseDomain))
          var noise: UInt32 = 0
          for pixel in 0..<pixels {
            noise = pixel % 4 == 0 ? stream.next() : noise >> 8
            let value = 128 + Int(values[pattern + pixel]) + Int(noise & 127) - 64
            bytes[image * pixels + pixel] = UInt8(min(max(value, 0), 255))
          }
        }
      }
      filled = count * pixels
    }
    return LabeledImages(
      height: size.height, width: size.width, channels: size.channels, images: images,
      labels: (0..<count).map { Int32($0 % size.classes) })
  }
}
