import Testing

@testable import Datasets

@Suite struct LabeledImagesTests {
  private let images = LabeledImages(
    height: 1, width: 3, channels: 2, images: [UInt8](0..<18), labels: [2, 0, 2])

  @Test func prefixKeepsTheFirstImages() {
    let two = images.prefix(2)
    #expect(two.count == 2)
    #expect(two.images == [UInt8](0..<12))
    #expect(two.labels == [2, 0])
    #expect(images.prefix(3) == images)
    #expect(images.prefix(Int.max) == images)
    #expect(images.prefix(0).images.isEmpty)
  }

  @Test func histogramCountsEachClass() {
    #expect(images.histogram(classes: 4) == [1, 0, 2, 0])
  }

  @Test func statisticsAreByChannel() {
    let images = LabeledImages(
      height: 1, width: 2, channels: 2, images: [1, 255, 3, 255, 5, 255, 7, 255], labels: [0, 0])
    let (mean, deviation) = images.channelStatistics()
    #expect(mean == [4, 255])
    #expect(deviation == [Float(5).squareRoot(), 0])
  }

  @Test func sizesThatCannotBeHeldAreNil() {
    #expect(LabeledImages.byteCount(of: 2, 3, 5, 7) == 210)
    #expect(LabeledImages.byteCount(of: Int(UInt32.max) + 1, 1, 1, 1) == nil)
    #expect(LabeledImages.byteCount(of: -1, 1, 1, 1) == nil)
    #expect(LabeledImages.byteCount(of: Int(UInt32.max), .max, 2, 2) == nil)
    // Wraps around to 2^31.
    #expect(LabeledImages.byteCount(of: 1 << 31, 1 << 33 + 1, 1, 1) == nil)
    #expect(LabeledImages.byteCount(of: Int(UInt32.max), 1 << 30, 1, 1) == nil)
  }
}
