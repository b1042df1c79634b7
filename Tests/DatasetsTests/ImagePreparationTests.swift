import Randomness
import Testing

@testable import Datasets

@Suite struct ImagePreparationTests {
  private func prepared(
    _ image: ImageFile, size: Int, augmentation: ImagePreparation.Augmentation? = nil,
    index: UInt32 = 0
  ) -> [Float] {
    let preparation = ImagePreparation(
      size: size, mean: [1, 2, 3], standardDeviation: [2, 4, 8], augmentation: augmentation)
    let count = size * size * 3
    return [Float](unsafeUninitializedCapacity: count) { values, filled in
      preparation.prepare(
        image, epoch: 0, index: index, into: UnsafeMutableBufferPointer(rebasing: values[..<count]))
      filled = count
    }
  }

  /// A short side of 256/224 of the input needs no resizing: the centre comes as it is.
  @Test(arguments: [(8, 8), (11, 8), (8, 13)])
  func testImagesAreTheirNormalizedCentre(width: Int, height: Int) {
    #expect(ImagePreparation.testSide(224) == 256)
    #expect(ImagePreparation.testSide(7) == 8)
    let image = ImageFile(
      width: width, height: height, channels: 3, pixels: noise(width * height * 3))
    let result = prepared(image, size: 7)
    for row in 0..<7 {
      for column in 0..<7 {
        let pixel = ((row + (height - 7) / 2) * width + column + (width - 7) / 2) * 3
        for channel in 0..<3 {
          let value = Float(image.pixels[pixel + channel])
          let expected = (value - Float(channel + 1)) / Float(2 << channel)
          #expect(result[(row * 7 + column) * 3 + channel] == expected)
        }
      }
    }
  }

  /// Mirroring changes nothing but the columns' order, for about half of the images.
  @Test func halfOfTheImagesAreMirrored() {
    let image = ImageFile(width: 9, height: 6, channels: 3, pixels: noise(9 * 6 * 3))
    var mirrored = 0
    for index in 0..<100 as Range<UInt32> {
      let plain = prepared(
        image, size: 5, augmentation: .init(flip: false, seed: 1), index: index)
      let other = prepared(
        image, size: 5, augmentation: .init(flip: true, seed: 1), index: index)
      if plain == other { continue }
      mirrored += 1
      var turned: [Float] = []
      for row in 0..<5 {
        for column in (0..<5).reversed() {
          let pixel = (row * 5 + column) * 3
          turned += plain[pixel..<pixel + 3]
        }
      }
      #expect(other == turned)
    }
    #expect((35...65).contains(mirrored))
  }

  /// Of an even grey only brightness and lighting are left.
  @Test func jitterOfAnEvenGreyIsItsBrightness() {
    var stream = PhiloxStream(Philox(seed: 9), stream: SIMD3(0, 0, 0))
    var shares: [Float] = []
    for _ in 0..<200 {
      let jitter = ColorJitter(&stream)
      var image = [Float](repeating: 100, count: 12)
      image.withUnsafeMutableBufferPointer { jitter.apply(to: $0) }
      let levels = zip(image, jitter.lighting).map { ($0 - $1) / 100 }
      #expect(abs(levels[0] - levels[1]) < 1e-4 && abs(levels[1] - levels[2]) < 1e-4)
      shares.append(levels[0])
    }
    #expect((shares.min() ?? 0) >= 0.5999 && (shares.min() ?? 0) < 0.65)
    #expect((shares.max() ?? 0) <= 1.4001 && (shares.max() ?? 0) > 1.35)
  }
}
