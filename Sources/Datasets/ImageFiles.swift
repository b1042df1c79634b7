import Foundation

/// The image files of one split, in folders named by their classes.
public struct ImageFiles: Sendable, Equatable {
  /// The split's folder.
  let root: URL
  /// The folder of each class, `[classes]`.
  let classFolders: [String]
  /// The name of each file in its class's folder.
  private(set) var names: [String]
  /// The class of each file.
  private(set) var labels: [Int32]

  init(root: URL, classFolders: [String], names: [String], labels: [Int32]) {
    precondition(names.count == labels.count, "a label for each file")
    self.root = root
    self.classFolders = classFolders
    self.names = names
    self.labels = labels
  }

  /// The file of the image `index`.
  public subscript(index: Int) -> URL {
    root.appendingPathComponent(classFolders[Int(labels[index])])
      .appendingPathComponent(names[index])
  }

  func prefix(_ n: Int) -> ImageFiles {
    var files = self
    files.names = Array(names.prefix(n))
    files.labels = Array(labels.prefix(n))
    return files
  }
}
