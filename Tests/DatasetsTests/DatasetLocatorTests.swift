import Foundation
import Testing

@testable import Datasets

@Suite struct DatasetLocatorTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private var system: URL { folder.url.appendingPathComponent("system", isDirectory: true) }

  private func locator(_ variables: [String: String] = [:]) -> DatasetLocator {
    let environment = [
      "WIDECL_DATA": folder.url.appendingPathComponent("data").path,
      "XDG_CACHE_HOME": folder.url.appendingPathComponent("cache").path,
    ]
    return DatasetLocator(
      environment: environment.merging(variables) { $1 }, systemFolder: system)
  }

  @Test func foldersAreInOrder() {
    let all = locator().candidates(for: .cifar10)
    #expect(
      all.map(\.folder.path)
        == ["data/cifar10", "cache/widecl/data/cifar10", "system/cifar10"].map {
          folder.url.appendingPathComponent($0).path
        })
    #expect(all.map(\.origin) == [.environment, .cache, .system])
    let explicit = locator().candidates(for: .cifar10, explicit: "/x")
    #expect(explicit.map(\.folder.path) == ["/x"])
    #expect(explicit.map(\.origin) == [.explicit])
  }

  @Test(arguments: ["", "relative"])
  func homeStandsInForAnUnusableCacheVariable(cache: String) {
    let folders = locator(["XDG_CACHE_HOME": cache, "HOME": "/home/me", "WIDECL_DATA": ""])
      .candidates(for: .mnist).map(\.folder.path)
    #expect(folders == ["/home/me/.cache/widecl/data/mnist", system.path + "/mnist"])
  }

  @Test func emptyEnvironmentLeavesTheSystem() {
    let folders = DatasetLocator(environment: [:]).candidates(for: .fashionMNIST).map(\.folder.path)
    #expect(folders == ["/usr/share/datasets/fashion-mnist"])
  }

  @Test func firstFolderWithAFileWins() throws {
    try folder.makeFolder("data/mnist")
    try folder.write("system/mnist/train-images-idx3-ubyte.gz", [])
    #expect(try locator().locate(.mnist).path == system.path + "/mnist")
    try folder.write("cache/widecl/data/mnist/raw/t10k-labels-idx1-ubyte", [])
    #expect(try locator().locate(.mnist).path.hasSuffix("cache/widecl/data/mnist"))
  }

  @Test func listTellsWhatIsFoundWhere() throws {
    try folder.write("data/cifar100/test.bin", [])
    let list = locator().list()
    #expect(list.map(\.name) == DatasetName.onDisk)
    #expect(list.filter { $0.found != nil }.map(\.name) == [.cifar100])
    #expect(list.compactMap { $0.found?.origin } == [.environment])
  }

  @Test func missingDataSaysWhereItWasLookedFor() {
    expectError(
      .missing, "cifar10: not found in ", "data/cifar10, ", "system/cifar10; ", "--data-path"
    ) {
      try locator().locate(.cifar10)
    }
    expectError(.missing, "dataset-fashion-mnist") { try locator().locate(.fashionMNIST) }
  }

  @Test func downloadsGoWhereTheyAreFound() throws {
    #expect(
      try locator().fetchFolder(for: .svhn).path
        == folder.url.appendingPathComponent("data/svhn").path)
    #expect(
      try locator(["WIDECL_DATA": ""]).fetchFolder(for: .svhn).path
        == folder.url.appendingPathComponent("cache/widecl/data/svhn").path)
    let nowhere = locator(["WIDECL_DATA": "", "XDG_CACHE_HOME": "", "HOME": ""])
    expectError(.usage, "there is no folder to download into") {
      try nowhere.fetchFolder(for: .svhn)
    }
  }

  @Test func explicitFolderIsNotReplacedByAnother() throws {
    try folder.write("system/mnist/train-images-idx3-ubyte", [])
    let empty = try folder.makeFolder("empty")
    let file = try folder.write("file", [])
    expectError(.missing, "/nowhere: no such folder") {
      try locator().locate(.mnist, explicit: folder.url.path + "/nowhere")
    }
    expectError(.missing, "/empty: holds no file of mnist") {
      try locator().locate(.mnist, explicit: empty.path)
    }
    expectError(.missing, "/file: not a folder") {
      try locator().locate(.mnist, explicit: file.path)
    }
    expectError(.missing, "--data-path: empty") { try locator().locate(.mnist, explicit: "") }
  }

  @Test func syntheticDataHasNoFolder() throws {
    let name = try DatasetName(parsing: "synthetic:1x2x2:2:4")
    expectError(.usage, "has no folder") { try locator().locate(name) }
    expectError(.usage, "has no folder") {
      try Dataset.load(name, from: locator(), explicit: folder.url.path)
    }
    #expect(try Dataset.load(name, from: locator()).train.count == 4)
  }
}
