import Foundation

/// The folders of classes in one folder and the images below each.
struct ClassFolders {
  struct Folder {
    /// As the system names it.
    var name: [UInt8]
    /// The path of each image below the folder, sorted by their bytes.
    var images: [[UInt8]]
  }

  /// By the names in NFC; bytes that are no text are escaped.
  private(set) var folders: [String: Folder] = [:]
  private(set) var unused = UnusedFiles()

  /// Walks `root`; what keeps it from being trained on is added to `problems`.
  ///
  /// A link that leads to one of `ancestors`, the folders above and the data set's own, is not
  /// followed, nor one to a folder of the class that was walked already.
  init(
    in root: FilePath, above ancestors: Set<FolderListing.Identity>, _ problems: inout [DataError]
  ) throws(DataError) {
    for entry in try FolderListing.entries(of: root) {
      guard entry.kind == .folder else {
        unused.add(file: entry.name)
        continue
      }
      let folder = root.appending(entry.name)
      var walk = Walk(visited: ancestors)
      try walk.enter(folder, below: [])
      let name = FilePath.text(entry.name).precomposedStringWithCanonicalMapping
      if folders[name] != nil {
        problems.append(
          ImageFolder.wrong(
            folder,
            "its name looks like that of another folder and differs only in Unicode's form, "
              + "composed (NFC) or not (NFD): both are one class",
            "put the images of both into one folder"))
      }
      if walk.images.isEmpty {
        let others = walk.unused.isEmpty ? "" : ", only " + walk.unused.reasons
        problems.append(
          ImageFolder.wrong(
            folder, "a class without images (.jpg, .png, .webp, .tif or .bmp)" + others,
            "add images of the class or remove the folder"))
      }
      walk.images.sort { $0.lexicographicallyPrecedes($1) }
      folders[name] = Folder(name: entry.name, images: walk.images)
      unused.add(walk.unused)
    }
  }

  /// The images below one folder.
  struct Walk {
    /// Folders that are not entered, again.
    var visited: Set<FolderListing.Identity>
    var images: [[UInt8]] = []
    var unused = UnusedFiles()

    /// Adds what lies in `folder`, whose path below the first one is `path`.
    mutating func enter(_ folder: FilePath, below path: [UInt8]) throws(DataError) {
      guard let identity = FolderListing.Identity(folder), visited.insert(identity).inserted else {
        unused.addLink()
        return
      }
      let before = images.count
      for entry in try FolderListing.entries(of: folder) {
        let name = path + entry.name
        if entry.kind == .folder {
          try enter(folder.appending(entry.name), below: name + [UInt8(ascii: "/")])
        } else if ImageFolder.imageEndings.contains(UnusedFiles.ending(of: entry.name)) {
          images.append(name)
        } else {
          unused.add(file: entry.name)
        }
      }
      if images.count == before && !path.isEmpty { unused.addEmptyFolder() }
    }
  }
}

extension ImageFolder {
  /// All images in a folder and below, whatever the names of the folders.
  package struct Images {
    package let files: [FilePath]
    package let unused: UnusedFiles

    /// Nil where `path` is no folder; throws `missing` for one without an image.
    package init?(in path: String) throws(DataError) {
      let folder = FilePath(path)
      guard folder.isFolder else { return nil }
      var walk = ClassFolders.Walk(visited: [])
      try walk.enter(folder, below: [])
      guard !walk.images.isEmpty else {
        let others = walk.unused.isEmpty ? "" : ", only " + walk.unused.reasons
        throw DataError(
          .missing, what: path, why: "a folder without images" + others,
          whatToDo: "give images or a folder of them")
      }
      files = walk.images.sorted { $0.lexicographicallyPrecedes($1) }.map { folder.appending($0) }
      unused = walk.unused
    }
  }
}
