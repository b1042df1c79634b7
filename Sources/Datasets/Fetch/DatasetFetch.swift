import Files
import Foundation

/// Brings a published data set into a folder: downloads it, checks every byte and unpacks it.
public struct DatasetFetch: Sendable {
  /// What is being done to a file.
  public enum Event: Sendable {
    /// Some bytes of the file's size have come.
    case downloading(file: String, bytes: Int, size: Int)
    /// The file, an archive, is being unpacked.
    case unpacking(file: String)
    /// The whole set is being read.
    case checking
  }

  /// The data set.
  public let name: DatasetName
  /// Where it goes.
  public let folder: URL
  private let source: DatasetSource

  /// A fetch of `name` into `folder`, which is made where it is missing.
  ///
  /// With `mirror`, a URL or a path, the files come from `mirror/NAME/` alone, instead of the places
  /// where their authors have put them. Throws `usage` for a data set that cannot be downloaded.
  public init(_ name: DatasetName, into folder: URL, mirror: String? = nil) throws(DataError) {
    guard let source = DatasetSource(name) else {
      let known = DatasetName.onDisk.filter { DatasetSource($0) != nil }.map(\.description)
      throw DataError(
        .usage, what: name.description, why: "cannot be downloaded",
        whatToDo: "choose one of \(known.joined(separator: ", ")), or "
          + DatasetLocator.source(of: name) + " yourself")
    }
    self.init(name, into: folder, source: source, mirror: mirror)
  }

  init(_ name: DatasetName, into folder: URL, source: DatasetSource, mirror: String? = nil) {
    self.name = name
    self.folder = folder
    var folders = source.folders
    if let mirror {
      let base = mirror.contains("://") ? mirror : URL(fileURLWithPath: mirror).absoluteString
      folders = [base + (base.hasSuffix("/") ? "" : "/") + name.description + "/"]
    }
    self.source = DatasetSource(files: source.files, folders: folders, archive: source.archive)
  }

  /// Fetches what is missing and returns what a full reading of the set then finds.
  ///
  /// An interrupted fetch is continued by the next. Throws `missing` where a file cannot be had or
  /// `stop` ends a download, `malformed` for wrong bytes and hostile archives, `unwritable` for a
  /// folder or disk.
  public func run(
    report: (Event) -> Void = { _ in }, stop: () -> Bool = { false }
  ) throws(DataError) -> DatasetCheck {
    try prepareFolder()
    let lock = try lock()
    defer { close(lock) }
    if let archive = source.archive, let file = source.files.first {
      if !DatasetFiles(name, in: folder).anyExists {
        try download(file, report: report, stop: stop)
        report(.unpacking(file: file.name))
        try unpack(
          folder.appendingPathComponent(file.name), archive,
          to: folder.appendingPathComponent(archive.folder))
      }
    } else {
      for file in source.files { try download(file, report: report, stop: stop) }
    }
    report(.checking)
    return Dataset.check(name, at: folder)
  }

  private func download(
    _ file: RemoteFile, report: (Event) -> Void, stop: () -> Bool
  ) throws(DataError) {
    try Download(file: file, sources: source.folders, folder: folder).run(
      report: { report(.downloading(file: file.name, bytes: $0, size: file.size)) }, stop: stop)
  }

  /// Unpacks beside the place, and moves the folder there only when it is whole.
  private func unpack(
    _ archive: URL, _ content: Archive.Content, to place: URL
  ) throws(DataError) {
    let scratch = folder.appendingPathComponent(".unpacking")
    // A killed fetch may have left one.
    try? FileManager.default.removeItem(at: scratch)
    defer { try? FileManager.default.removeItem(at: scratch) }
    guard mkdir(scratch.path, 0o700) == 0 else {
      throw .unwritable(scratch.path, String(cString: strerror(errno)))
    }
    try Archive.unpack(archive, into: scratch, limits: content)
    let unpacked = scratch.appendingPathComponent(content.folder)
    guard DatasetLocator.isFolder(unpacked) else {
      throw .malformed(archive.path, "holds no folder \(content.folder)")
    }
    do throws(FileError) {
      try SystemFiles().rename(unpacked.path, to: place.path)
      try SystemFiles().remove(archive.path)
    } catch { throw .unwritable(place.path, error.reason) }
  }

  private func prepareFolder() throws(DataError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(folder.path, "the folder cannot be made")
    }
  }

  /// Two fetches would write one partial file.
  private func lock() throws(DataError) -> Int32 {
    let path = folder.path + "/.fetch.lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw .unwritable(path, String(cString: strerror(errno))) }
    // Some network file systems know no locks.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(descriptor)
      throw DataError(
        .unwritable, what: folder.path, why: "another process is fetching into it",
        whatToDo: "wait for it to end")
    }
    return descriptor
  }
}
