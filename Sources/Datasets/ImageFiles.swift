/// The image files of one split, in folders named by their classes.
public struct ImageFiles: Sendable, Equatable {
  /// The split's folder.
  let root: FilePath
  /// The folder of each class in it, `[classes]`, as the system names it.
  let classFolders: [[UInt8]]
  /// The path of each file below its class's folder.
  private(set) var names: [[UInt8]]
  /// The class of each file.
  private(set) var labels: [Int32]
  /// What is done about the orientation that a camera noted.
  public internal(set) var orientation = OrientationHandling.upright

  init(root: FilePath, classFolders: [[UInt8]], names: [[UInt8]], labels: [Int32]) {
    precondition(names.count == labels.count, "a label for each file")
    self.root = root
    self.classFolders = classFolders
    self.names = names
    self.labels = labels
  }

  /// The file of the image `index`.
  public subscript(index: Int) -> FilePath {
    root.appending(classFolders[Int(labels[index])]).appending(names[index])
  }

  /// The image `index` as its file has it, turned upright or not; throws as `ImageFile.decode`.
  func decode(_ index: Int) throws(DataError) -> ImageFile {
    try ImageFile.decode(contentsOf: self[index], orientation: orientation)
  }

  /// Bytes of all files; those that are gone have none.
  var bytes: Int { names.indices.reduce(0) { $0 + (self[$1].status?.size ?? 0) } }

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
      let size = self[index].status?.size ?? -1
      // No name has a zero byte.
      add(classFolders[Int(labels[index])])
      add("/".utf8)
      add(names[index])
      add("\0\(size)\n".utf8)
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
