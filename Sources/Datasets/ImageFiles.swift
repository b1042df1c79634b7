import Foundation
import Glibc

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

  /// A number that changes, all but certainly, when a file comes, goes or gets another name, class
  /// or size.
  ///
  /// FNV-1a, for it need not withstand anybody. No file is opened.
  public var digest: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    for index in names.indices {
      var status = stat()
      let size = stat(self[index].path, &status) == 0 ? Int64(status.st_size) : -1
      // No name has a slash or a zero byte.
      add("\(classFolders[Int(labels[index])])/\(names[index])\0\(size)\n".utf8)
    }
    return hash
  }

  func prefix(_ n: Int) -> ImageFiles {
    var files = self
    files.names = Array(names.prefix(n))
    files.labels = Array(labels.prefix(n))
    return files
  }
}
