import Datasets
import Testing

@Suite struct SyntheticImagesTests {
  private func make(_ text: String) throws -> Dataset {
    try Dataset.synthetic(SyntheticSize(parsing: text))
  }

  @Test(arguments: ["1x1x1:1:1", "3x5x7:4:23", "1x28x28:10:50", "4x2x1:7:6"])
  func hasTheSizesAskedFor(text: String) throws {
    let size = try SyntheticSize(parsing: "synthetic:" + text)
    let data = try Dataset.synthetic(size)
    #expect(data.name == "synthetic:" + text)
    #expect(data.classes == size.classes)
    #expect(data.train.count == size.count)
    #expect(data.test.count == max(size.count / 5, 1))
    #expect([data.train.height, data.train.width] == [size.height, size.width])
    #expect(data.train.channels == size.channels)
    #expect(data.train.labels == (0..<size.count).map { Int32($0 % size.classes) })
    #expect(data.standardDeviation.allSatisfy { $0 >= 1 })
  }

  @Test func isTheSameEveryTime() throws {
    let (first, second) = try (make("synthetic:3x8x8:4:40"), make("synthetic:3x8x8:4:40"))
    #expect(first.train == second.train)
    #expect(first.test == second.test)
    // Saved results depend on these bytes. Computed by a separate program, in Python.
    #expect(first.train.images.prefix(6) == [108, 76, 50, 131, 64, 177])
  }

  @Test func moreImagesKeepTheFirstOnes() throws {
    let few = try make("synthetic:1x6x6:3:10").train
    #expect(try make("synthetic:1x6x6:3:20").train.prefix(10) == few)
  }

  @Test func imagesOfAClassDifferFromEachOtherAndBetweenSplits() throws {
    let data = try make("synthetic:1x8x8:2:40")
    #expect(data.train.prefix(1).images != Array(data.train.images[128..<192]))
    #expect(data.train.prefix(8) != data.test)
  }

  /// The nearest class mean of the training images must classify the test images.
  @Test func canBeLearned() throws {
    let data = try make("synthetic:3x16x16:10:400")
    let pixels = 3 * 16 * 16
    var means = [[Double]](repeating: [Double](repeating: 0, count: pixels), count: 10)
    for (index, label) in data.train.labels.enumerated() {
      for pixel in 0..<pixels {
        means[Int(label)][pixel] += Double(data.train.images[index * pixels + pixel]) / 40
      }
    }
    var right = 0
    for (index, label) in data.test.labels.enumerated() {
      let distances = means.map { mean in
        (0..<pixels).reduce(0.0) { sum, pixel in
          let difference = Double(data.test.images[index * pixels + pixel]) - mean[pixel]
          return sum + difference * difference
        }
      }
      let nearest = distances.indices.min { distances[$0] < distances[$1] }
      right += nearest == Int(label) ? 1 : 0
    }
    #expect(right >= 76, "\(right) of 80")
  }

  @Test func moreThanTheMemoryIsRefused() {
    expectError(.usage, "larger than this machine's memory") {
      try make("synthetic:16777216x16777216x16777216:16777216:16777216")
    }
    expectError(.usage, "larger than this machine's memory") {
      try make("synthetic:3x16777216x1024:2:16777216")
    }
  }
}
