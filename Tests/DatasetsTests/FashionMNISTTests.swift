import Foundation
import Testing

@testable import Datasets

private let folder = URL(fileURLWithPath: "/usr/share/datasets/fashion-mnist")

private var isInstalled: Bool { DatasetFiles(.fashionMNIST, in: folder).anyExists }

@Suite(.enabled(if: isInstalled, "needs Debian's dataset-fashion-mnist"))
struct FashionMNISTTests {
  @Test func constantsAreThoseOfTheImages() throws {
    let data = try Dataset.load(.fashionMNIST, at: folder)
    #expect(data.train.count == 60_000)
    #expect(data.test.count == 10_000)
    #expect(data.train.histogram(classes: 10) == [Int](repeating: 6000, count: 10))
    #expect(data.test.histogram(classes: 10) == [Int](repeating: 1000, count: 10))
    let (mean, deviation) = data.train.channelStatistics()
    #expect(abs(mean[0] - data.mean[0]) < 0.0001)
    #expect(abs(deviation[0] - data.standardDeviation[0]) < 0.0001)
  }
}
