import Testing

@testable import Datasets

@Suite struct ImageInputTests {
  private func input(
    height: Int = 4, width: Int = 6, channels: Int = 3, areFiles: Bool = false
  ) throws -> ImageInput {
    try #require(
      ImageInput(
        height: height, width: width, channels: channels,
        mean: [10, 20, 30].prefix(channels).map { $0 },
        standardDeviation: [2, 4, 8].prefix(channels).map { $0 }, areFiles: areFiles))
  }

  private func image(_ width: Int, _ height: Int, channels: Int = 3) -> ImageFile {
    ImageFile(
      width: width, height: height, channels: channels, pixels: noise(width * height * channels))
  }

  @Test func imagesOfTheRightSizeComeAsTheyAre() throws {
    let image = image(6, 4)
    let input = try input()
    #expect(input.pixels(of: image) == image.pixels)
    let values = input.values(from: image)
    #expect(values.count == input.count)
    for (index, value) in values.enumerated() {
      let channel = index % 3
      #expect(
        value == (Float(image.pixels[index]) - [10, 20, 30][channel]) / [2, 4, 8][channel])
    }
    let grey = self.image(6, 4, channels: 1)
    #expect(try self.input(channels: 1).pixels(of: grey) == grey.pixels)
  }

  @Test func greyAndColourBecomeWhatTheNetworkTakes() throws {
    let grey = image(6, 4, channels: 1)
    #expect(try input().pixels(of: grey) == grey.pixels.flatMap { [$0, $0, $0] })
    let colours: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 7, 7, 7, 10, 20, 30]
    let image = ImageFile(width: 6, height: 1, channels: 3, pixels: colours)
    #expect(
      try input(height: 1, channels: 1).pixels(of: image) == [76, 150, 29, 255, 7, 18])
  }

  /// Twice as large: the middle, each pixel made of its neighbours.
  @Test func theMiddleOfOtherImagesIsScaled() throws {
    for (width, height) in [(12, 8), (6, 40), (1, 1), (600, 1), (3, 1000)] {
      let flat = ImageFile(
        width: width, height: height, channels: 3,
        pixels: [UInt8](repeating: 77, count: width * height * 3))
      #expect(try input().pixels(of: flat) == [UInt8](repeating: 77, count: 4 * 6 * 3))
    }
    // Columns 0, 0, 255, 255, 0, 0 of an image that is too wide.
    let columns: [UInt8] = [0, 0, 255, 255, 0, 0]
    let bright = ImageFile(
      width: 6, height: 2, channels: 1, pixels: columns + columns)
    #expect(try input(height: 2, width: 2, channels: 1).pixels(of: bright) == [255, 255, 255, 255])
    let high = ImageFile(
      width: 2, height: 6, channels: 1, pixels: columns.flatMap { [$0, $0] })
    #expect(try input(height: 2, width: 2, channels: 1).pixels(of: high) == [255, 255, 255, 255])
  }

  @Test func imagesOfFilesArePreparedAsTestImages() throws {
    let image = image(13, 8)
    let input = try input(height: 7, width: 7, areFiles: true)
    let preparation = ImagePreparation(
      size: 7, mean: [10, 20, 30], standardDeviation: [2, 4, 8])
    let values = [Float](unsafeUninitializedCapacity: 147) { values, filled in
      preparation.prepare(
        image, epoch: 0, index: 0, into: UnsafeMutableBufferPointer(rebasing: values[..<147]))
      filled = 147
    }
    #expect(input.values(from: image) == values)
  }

  @Test func whatNoImageCanBecomeIsRefused() {
    func make(_ height: Int, _ width: Int, _ channels: Int, areFiles: Bool) -> ImageInput? {
      ImageInput(
        height: height, width: width, channels: channels,
        mean: [Float](repeating: 0, count: channels),
        standardDeviation: [Float](repeating: 1, count: channels), areFiles: areFiles)
    }
    #expect(make(8, 8, 2, areFiles: false) == nil)
    #expect(make(8, 8, 4, areFiles: false) == nil)
    #expect(make(8, 8, 1, areFiles: true) == nil)
    #expect(make(8, 6, 3, areFiles: true) == nil)
    #expect(make(8, 6, 3, areFiles: false) != nil)
  }

  /// Where no file is asked, names and normalisation agree with a loaded data set's.
  @Test func namesOfDataSetsTellTheirClassesAndNormalization() throws {
    let synthetic = try SyntheticSize(parsing: "synthetic:3x4x4:5:10")
    #expect(
      try DatasetName.synthetic(synthetic).classNames == Dataset.synthetic(synthetic).classNames)
    #expect(DatasetName.synthetic(synthetic).normalization == nil)
    for name in DatasetName.onDisk {
      let format = try #require(name.format)
      if let (mean, deviation) = name.normalization {
        #expect(mean.count == format.channels && deviation.count == format.channels)
      }
      #expect(name.classNames.map { $0.count == format.classes } ?? (name.imageFileSize != nil))
    }
  }
}
