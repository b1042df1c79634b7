import Datasets
import Foundation
import Testing

@Suite struct DatasetNameTests {
  @Test(arguments: [
    "fashion-mnist", "mnist", "cifar10", "cifar100", "imagenet", "imagenet:64", "folder:32",
    "synthetic:3x8x16:10:1000", "kmnist", "qmnist", "emnist-balanced", "emnist-letters",
    "npz:a/b.npz",
  ])
  func knownNamesRoundTrip(text: String) throws {
    #expect(try DatasetName(parsing: text).description == text)
  }

  @Test func syntheticSizeIsChannelsFirst() throws {
    let size = try SyntheticSize(parsing: "synthetic:3x8x16:10:1000")
    #expect([size.channels, size.height, size.width] == [3, 8, 16] as [Int])
    #expect([size.classes, size.count] == [10, 1000] as [Int])
  }

  @Test(arguments: [
    ("cifar", "cifar10"), ("CIFAR10", "cifar10"), ("cifar-100", "cifar100"), ("mnist\n", "mnist"),
    ("emnist", "emnist-balanced"), ("npz:", nil), ("", nil), ("photos-of-2019", nil),
  ])
  func unknownNamesGetAProposal(text: String, meant: String?) {
    let question = meant.map { "; did you mean '\($0)'?" } ?? ""
    expectError(.usage, question + "; 'widecl data list' shows the names") {
      try DatasetName(parsing: text)
    }
  }

  @Test func aPathIsAFolderOfImages() throws {
    let folder = try TemporaryFolder()
    for text in [folder.url.path, "./photos", "../mnist", "a/b"] {
      #expect(try DatasetName(parsing: text) == .folder(size: 64))
      #expect(DatasetName.folder(in: text) == text)
    }
    for text in ["mnist", "npz:a/b.npz", "folder:32", "photos"] {
      #expect(DatasetName.folder(in: text) == nil)
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
