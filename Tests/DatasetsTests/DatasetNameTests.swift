import Datasets
import Testing

@Suite struct DatasetNameTests {
  @Test(arguments: [
    "fashion-mnist", "mnist", "cifar10", "cifar100", "imagenet", "imagenet:64", "folder:32",
    "synthetic:3x8x16:10:1000",
  ])
  func knownNamesRoundTrip(text: String) throws {
    #expect(try DatasetName(parsing: text).description == text)
  }

  @Test func syntheticSizeIsChannelsFirst() throws {
    let size = try SyntheticSize(parsing: "synthetic:3x8x16:10:1000")
    #expect([size.channels, size.height, size.width] == [3, 8, 16])
    #expect([size.classes, size.count] == [10, 1000])
  }

  @Test(arguments: ["cifar", "CIFAR10", "cifar10 ", "mnist\n", "../mnist", "", "syntheti"])
  func unknownNamesListTheKnownOnes(text: String) {
    expectError(
      .usage,
      "fashion-mnist, mnist, cifar10, cifar100, svhn, imagenet, imagenet:SIZE, "
        + "folder:SIZE, synthetic:CxHxW:CLASSES:COUNT"
    ) {
      try DatasetName(parsing: text)
    }
  }

  @Test(arguments: [
    "folder", "folder:", "folder:0", "folder:7", "folder:1025", "imagenet:x", "folder:8:8",
  ])
  func badSizesShowTheForm(text: String) {
    expectError(.usage, text, "SIZE") { try DatasetName(parsing: text) }
  }

  @Test(arguments: [
    "synthetic", "synthetic:", "synthetic:3x8x8", "synthetic:3x8x8:10", "synthetic:3x8x8:10:",
    "synthetic:3x8x8:10:5:6", "synthetic:3x8:10:5", "synthetic:3x8x8x8:10:5", "synthetic:3x8x8:0:5",
    "synthetic:0x8x8:10:5", "synthetic:3x8x8:10:0", "synthetic:3x8x8:-1:5", "synthetic:+3x8x8:1:5",
    "synthetic:3x8x8:10:99999999999999999999", "synthetic:3x8x8:10:16777217",
    "synthetic:ax8x8:10:5",
    "synthetic:3xx8:10:5", "synthetic:3X8X8:10:5", "synthetic:3x8x8: 10:5", "synthetic::3x8x8:10:5",
  ])
  func badSyntheticNamesShowTheForm(text: String) {
    expectError(.usage, "not of the form synthetic:CxHxW:CLASSES:COUNT") {
      try DatasetName(parsing: text)
    }
  }
}
